"""Words become an utterance: spacing, unknown sounds, confidence."""

from dataclasses import FrozenInstanceError
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.utterance import UNKNOWN, Utterance, Word, join

words = st.builds(
    Word,
    text=st.one_of(st.just(UNKNOWN), st.text(alphabet="水管爆裂了abc12", min_size=1, max_size=4)),
    start_s=st.floats(0, 100),
    end_s=st.floats(0, 100),
    confidence=st.floats(0, 1),
)


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        (("水管", "爆裂", "了"), "水管爆裂了"),
        (("我", "用", "wi", "fi", "上网"), "我用wi fi上网"),
        (("room", "12", "b"), "room 12 b"),
        (("京a", "12345"), "京a 12345"),
        (("你好",), "你好"),
        ((), ""),
        (("有人", UNKNOWN, "抢劫"), "有人抢劫"),
        ((UNKNOWN,), ""),
        ((" 水 ", "", "  "), "水"),
        (("don't", "know"), "don't know"),
    ],
)
def test_chinese_is_written_without_spaces_and_latin_with(spoken: tuple[str, ...], written: str) -> None:
    assert join(spoken) == written


@given(st.lists(st.text(alphabet="水管爆裂了喂人", min_size=1), max_size=12))
def test_chinese_words_are_only_put_together(spoken: list[str]) -> None:
    assert join(spoken) == "".join(spoken)


@given(st.lists(st.text(alphabet="abc19水", min_size=1, max_size=3), max_size=12))
def test_no_character_is_lost_and_no_latin_words_run_together(spoken: list[str]) -> None:
    written = join(spoken)
    assert written.replace(" ", "") == "".join(spoken)
    latin_seams = sum(before[-1].isascii() and after[0].isascii() for before, after in pairwise(spoken))
    assert written.count(" ") == latin_seams


def test_confidence_is_weighted_by_characters() -> None:
    heard = Utterance(
        "水我们的",
        is_final=True,
        words=(Word("水", 0.0, 0.2, 1.0), Word("我们的", 0.2, 0.8, 0.2)),
    )
    assert heard.confidence == pytest.approx((1.0 * 1 + 0.2 * 3) / 4)


def test_no_words_no_confidence() -> None:
    assert Utterance("水管", is_final=False).confidence == 0.0


def test_a_long_unknown_sound_lowers_the_confidence_more_than_a_short_one() -> None:
    clear = Word("抢劫", 0.0, 0.5, 1.0)
    short = Utterance("抢劫", is_final=True, words=(clear, Word(UNKNOWN, 0.5, 0.7, 0.0)))
    long = Utterance("抢劫", is_final=True, words=(clear, Word(UNKNOWN, 0.5, 3.5, 0.0)))
    assert short.confidence == pytest.approx(2 / 3)
    assert long.confidence == pytest.approx(2 / 17)


@given(st.lists(words, max_size=8))
def test_confidence_stays_between_the_words(heard: list[Word]) -> None:
    confidence = Utterance("", is_final=True, words=tuple(heard)).confidence
    if heard:
        lowest = min(word.confidence for word in heard)
        highest = max(word.confidence for word in heard)
        assert lowest - 1e-9 <= confidence <= highest + 1e-9
    else:
        assert confidence == 0.0


def test_what_was_heard_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Utterance("水", is_final=True).text = "火"  # type: ignore[misc]
