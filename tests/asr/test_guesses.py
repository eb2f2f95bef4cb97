"""Guesses with scores: how sure each word is, and what else it may have been."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.guesses import understood
from asr.utterance import UNKNOWN, Alternative, Word, join
from asr.vosk_json import Heard


def guess(said: str, score: float = 0.0) -> tuple[Heard, float]:
    tokens = tuple(said.split())
    words = tuple(Word(token, at, at + 1.0, 0.0) for at, token in enumerate(tokens))
    return Heard(tokens, words), score


def confidences(*guesses: tuple[Heard, float]) -> list[float]:
    return [word.confidence for word in understood(guesses, 5)[0].words]


def test_one_guess_is_certain() -> None:
    heard, others = understood([guess("有人 抢劫", 123.4)], 5)
    assert heard.tokens == ("有人", "抢劫")
    assert [(w.text, w.start_s, w.confidence) for w in heard.words] == [("有人", 0, 1.0), ("抢劫", 1, 1.0)]
    assert others == ()


def test_scores_are_logarithms() -> None:
    guesses = [guess("水", math.log(6)), guess("税", math.log(3)), guess("谁", 0.0)]
    heard, others = understood(guesses, 5)
    assert heard.words[0].confidence == pytest.approx(0.6)
    assert [other.text for other in others] == ["税", "谁"]
    assert [other.share for other in others] == pytest.approx([0.3, 0.1])


def test_great_scores_do_not_overflow() -> None:
    assert confidences(guess("水", 1e6), guess("火", -1e6)) == [1.0]


def test_a_word_is_as_sure_as_the_guesses_that_have_it() -> None:
    assert confidences(
        guess("我家 停水 了"), guess("我家 停税 了"), guess("我家 停水"), guess("停水 了")
    ) == (pytest.approx([0.75, 0.875, 0.75]))


def test_where_words_are_cut_does_not_matter() -> None:
    heard, others = understood([guess("有人 抢劫"), guess("有 人抢 劫")], 5)
    assert [word.confidence for word in heard.words] == [1.0, 1.0]
    assert others == ()


def test_guesses_of_the_same_text_are_one_alternative() -> None:
    _, others = understood([guess("水"), guess("停 水"), guess("停水"), guess("睡")], 5)
    assert others == (Alternative("停水", 0.5), Alternative("睡", 0.25))


def test_only_the_likeliest_are_kept() -> None:
    _, others = understood([guess("水", 3), guess("税", 0), guess("睡", 2), guess("谁", 1)], 2)
    assert [other.text for other in others] == ["睡", "谁"]


def test_an_unknown_word_is_never_sure_and_latin_words_stand_apart() -> None:
    heard, _ = understood([guess(f"wi fi {UNKNOWN} 坏"), guess("wi fi 坏")], 5)
    assert [word.confidence for word in heard.words] == [1.0, 1.0, 0.0, 1.0]


def test_silence_may_have_been_a_word() -> None:
    heard, others = understood([guess(""), guess("救命")], 5)
    assert heard == Heard()
    assert others == (Alternative("救命", 0.5),)


WORDS = st.lists(st.sampled_from(["水", "停水", "wi", "fi", UNKNOWN, "我家", "了"]), max_size=5).map(" ".join)


@given(st.lists(st.tuples(WORDS, st.floats(-1e9, 1e9)), min_size=1, max_size=8), st.integers(1, 10))
def test_always_shares(said: list[tuple[str, float]], keep: int) -> None:
    guesses = [guess(text, score) for text, score in said]
    heard, others = understood(guesses, keep)
    assert heard.tokens == guesses[0][0].tokens
    assert len(others) <= keep
    assert sum(other.share for other in others) <= 1 + 1e-6
    assert join(heard.tokens) not in [other.text for other in others]
    for word in heard.words:
        assert 0 <= word.confidence <= (0 if word.text == UNKNOWN else 1)
