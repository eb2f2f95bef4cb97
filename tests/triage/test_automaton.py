from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.automaton import Automaton

WORDS = st.text("抢劫火车", min_size=1, max_size=4)


def _naive(patterns: list[str], text: str) -> set[tuple[int, int]]:
    return {
        (start + len(pattern) - 1, index)
        for index, pattern in enumerate(patterns)
        for start in range(len(text))
        if text.startswith(pattern, start)
    }


def test_patterns_inside_each_other_are_all_found() -> None:
    automaton = Automaton(["火", "火车", "火车站", "车站"])
    assert set(automaton.scan("去火车站").hits) == {(1, 0), (2, 1), (3, 2), (3, 3)}


def test_no_patterns_find_nothing() -> None:
    assert Automaton([]).scan("救命").hits == ()


@pytest.mark.parametrize(("patterns", "complaint"), [([""], "empty"), (["火", "火"], "twice")])
def test_bad_patterns_are_refused(patterns: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Automaton(patterns)


def test_an_unfinished_watched_pattern_is_reported() -> None:
    automaton = Automaton(["抢", "抢红包", "打人", "打人工电话"], watched=["抢红包", "打人工电话"])
    assert automaton.scan("他抢").open_from == 1
    assert automaton.scan("他抢红").open_from == 1
    assert automaton.scan("他抢红包").open_from == 4
    assert automaton.scan("别打人").open_from == 1
    assert automaton.scan("别打人了").open_from == 4
    assert automaton.scan("").open_from == 0


def test_an_unwatched_beginning_is_not_reported() -> None:
    assert Automaton(["抢红包", "火车"], watched=["火车"]).scan("抢红").open_from == 2


def test_the_watched_tail_is_found_through_suffixes() -> None:
    automaton = Automaton(["水火车厢", "火车站"], watched=["火车站"])
    assert automaton.scan("水火车").open_from == 1


@given(st.lists(WORDS, unique=True, max_size=12), st.text("抢劫火车站", max_size=40))
def test_it_finds_what_a_naive_search_finds(patterns: list[str], text: str) -> None:
    scan = Automaton(patterns).scan(text)
    assert set(scan.hits) == _naive(patterns, text)
    assert len(scan.hits) == len(set(scan.hits))


@given(st.lists(WORDS, unique=True, min_size=1, max_size=12), st.text("抢劫火车站", max_size=40))
def test_the_open_tail_is_the_longest_unfinished_beginning(patterns: list[str], text: str) -> None:
    beginnings = {pattern[:n] for pattern in patterns for n in range(1, len(pattern))}
    tails = [start for start in range(len(text)) if text[start:] in beginnings]
    assert Automaton(patterns, watched=patterns).scan(text).open_from == min(tails, default=len(text))


def test_a_pattern_may_hold_what_is_no_character() -> None:
    assert Automaton(["\udc80火", "😀"]).scan("😀\udc80火").hits == ((0, 1), (2, 0))
