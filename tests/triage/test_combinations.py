from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from triage.combinations import Completeness, Piece, combinations
from triage.decision import Route
from triage.lexicon import Field, Rule

FIELD = Field("weapon", "持械", Route.POLICE, 1, None, None, general=False, flag=None)


def _rule(slots: int, within: int = 8) -> Rule:
    return Rule(
        "police/weapon#1",
        FIELD,
        tuple(("词",) for _ in range(slots)),
        within,
        1.0,
        1,
        boundary=False,
        sounds=False,
    )


def test_any_order_counts() -> None:
    forward = list(combinations(_rule(2), [(0, 2, 0, "有人"), (3, 5, 1, "拿刀")]))
    backward = list(combinations(_rule(2), [(0, 2, 1, "拿刀"), (3, 5, 0, "有人")]))
    assert len(forward) == len(backward) == 1
    assert [piece[3] for piece in backward[0]] == ["拿刀", "有人"]


def test_too_far_apart_is_nothing() -> None:
    assert list(combinations(_rule(2, within=6), [(0, 2, 0, "有人"), (5, 7, 1, "拿刀")])) == []
    assert list(combinations(_rule(2, within=7), [(0, 2, 0, "有人"), (5, 7, 1, "拿刀")])) != []


def test_overlapping_words_do_not_count_twice() -> None:
    assert list(combinations(_rule(2), [(0, 2, 0, "有人"), (1, 3, 1, "人拿")])) == []


def test_all_slots_are_needed() -> None:
    assert list(combinations(_rule(3), [(0, 1, 0, "他"), (2, 3, 1, "拿")])) == []
    assert list(combinations(_rule(3), [(0, 1, 0, "他"), (2, 3, 1, "拿"), (4, 5, 2, "刀")])) != []


def test_a_far_first_word_is_replaced_by_a_nearer_one() -> None:
    pieces: list[Piece] = [(0, 2, 0, "有人"), (20, 22, 0, "有人"), (23, 25, 1, "拿刀")]
    (found,) = combinations(_rule(2), pieces)
    assert found[0][0] == 20


PIECES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 3), st.integers(0, 2)).map(
        lambda p: (p[0], p[0] + p[1], p[2], f"{p[2]}")
    ),
    max_size=12,
)


@given(PIECES)
def test_what_is_found_is_whole_tight_and_apart(pieces: list[Piece]) -> None:
    rule = _rule(3, within=10)
    for found in combinations(rule, pieces):
        assert {piece[2] for piece in found} == {0, 1, 2}
        assert found[-1][1] - found[0][0] <= rule.within + 3
        assert all(a[1] <= b[0] for a, b in pairwise(found))
        assert set(found) <= set(pieces)


@given(PIECES)
def test_at_most_one_meeting_a_piece(pieces: list[Piece]) -> None:
    assert len(list(combinations(_rule(3), pieces))) <= len(pieces)


@given(
    st.lists(st.integers(1, 3), max_size=6),
    st.dictionaries(st.integers(0, 8), st.sets(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1)),
    st.sets(st.integers(0, 8)),
)
def test_completeness_is_a_word_in_every_slot(
    slots: list[int], parts: dict[int, set[tuple[int, int]]], said: set[int]
) -> None:
    uses = {
        word: [(number, slot) for number, slot in here if number < len(slots) and slot < slots[number]]
        for word, here in parts.items()
    }
    spoken = sorted(said & uses.keys())
    naive = {
        number: {(word, slot) for word in spoken for n, slot in uses[word] if n == number}
        for number in range(len(slots))
    }
    expected = {
        number: words for number, words in naive.items() if {s for _, s in words} == set(range(slots[number]))
    }
    found = Completeness(slots, uses).of(spoken)
    assert {number: set(words) for number, words in found.items()} == expected
