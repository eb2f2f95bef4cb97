from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.heard import recogniser

SAID = "我家水管爆了，楼上有人吵架。"
ANYTHING = st.text(st.characters(codec=None), max_size=30) | st.text(
    "我家水管爆了楼上吵架，110 a", max_size=30
)
rates = st.sampled_from([0.0, 0.1, 0.5, 1.0])


def test_the_errors_are_the_same_on_every_machine() -> None:
    assert recogniser(0.3).hear(SAID) == "我架水关爆了，楼上人吵架。"


def test_another_seed_errs_otherwise() -> None:
    assert recogniser(0.5, 1).hear(SAID) != recogniser(0.5).hear(SAID)


def test_errors_do_not_depend_on_what_was_heard_before() -> None:
    ears = recogniser(0.5)
    ears.hear("先听一句别的话")
    assert ears.hear(SAID) == recogniser(0.5).hear(SAID)


@pytest.mark.parametrize("rate", [0.03, 0.1, 0.2])
def test_as_many_characters_are_hit_as_asked_for(rate: float) -> None:
    """Of sentences of ten letters, (1 - rate)^10 stay as they are; a few errors leave no trace."""
    said = ["".join(words) for words in permutations(["昨天", "晚上", "小区", "停电", "很久"])]
    whole = sum(recogniser(rate).hear(text) == text for text in said) / len(said)
    assert whole == pytest.approx((1 - rate) ** 10, abs=0.1)


@settings(max_examples=80, deadline=None)
@given(ANYTHING)
def test_without_errors_everything_is_heard(text: str) -> None:
    assert recogniser(0.0).hear(text) == text


@settings(max_examples=120, deadline=None)
@given(ANYTHING, rates)
def test_any_text_is_heard_the_same_twice_and_keeps_its_pauses(text: str, rate: float) -> None:
    heard = recogniser(rate).hear(text)
    assert heard == recogniser(rate).hear(text)
    assert len(heard) <= 2 * len(text)
    assert sorted(c for c in heard if not c.isalnum()) == sorted(c for c in text if not c.isalnum())
