from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from triage.certainty import letter_certainty
from triage.spoken_text import fold


def test_no_words_say_nothing() -> None:
    assert letter_certainty("停水了", ()) is None


def test_each_letter_gets_its_words_confidence() -> None:
    assert letter_certainty("我家停水了", [("我家", 0.9), ("停水", 0.4)]) == [0.9, 0.9, 0.4, 0.4, 1.0]


def test_words_are_matched_in_order() -> None:
    assert letter_certainty("水水", [("水", 0.1), ("水", 0.9)]) == [0.1, 0.9]


def test_words_not_in_the_text_are_passed_over() -> None:
    assert letter_certainty("停水", [("停电", 0.1), ("水", 0.5)]) == [1.0, 0.5]
    assert letter_certainty("停水", [("", 0.1), ("，", 0.2)]) == [1.0, 1.0]


def test_confidences_that_are_none() -> None:
    assert letter_certainty("停水", [("停", math.nan), ("水", 7.0)]) == [0.0, 1.0]
    assert letter_certainty("停", [("停", -3.0)]) == [0.0]


@given(st.text(max_size=20), st.lists(st.tuples(st.text(max_size=4), st.floats()), min_size=1, max_size=6))
def test_always_one_share_a_letter(text: str, words: list[tuple[str, float]]) -> None:
    letters = fold(text).letters
    spread = letter_certainty(letters, words)
    assert spread is not None
    assert len(spread) == len(letters)
    assert all(0 <= share <= 1 for share in spread)
