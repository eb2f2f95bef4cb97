from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from triage.decision import Route
from triage.findings import Finding, best_apart
from triage.lexicon import Field, Rule
from triage.spoken_text import fold

FIELD = Field("robbery", "抢劫", Route.POLICE, 1, None, None, general=False, flag=None)
RULE = Rule("police/robbery#1", FIELD, (("抢劫",),), 10, 1.0, 1, boundary=False, sounds=False)


def _finding(start: int, end: int, weight: float = 1.0) -> Finding:
    return Finding(start, end, RULE, "抢劫", weight, by_sound=False, last_start=start)


def test_evidence_has_the_offsets_of_the_original() -> None:
    spoken = fold("喂，抢 劫！")
    evidence = _finding(1, 3).evidence(spoken)
    assert spoken.original[evidence.start : evidence.end] == "抢 劫"
    assert (evidence.rule, evidence.category, evidence.weight) == ("police/robbery#1", "robbery", 1.0)


def test_the_heavier_of_two_overlapping_is_kept() -> None:
    assert best_apart([_finding(0, 3, 0.5), _finding(2, 4, 0.9)]) == [_finding(2, 4, 0.9)]


def test_of_equals_the_longer_is_kept() -> None:
    assert best_apart([_finding(0, 2), _finding(0, 3)]) == [_finding(0, 3)]


def test_nothing_stays_nothing() -> None:
    assert best_apart([]) == []


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5), st.floats(0.1, 1)), max_size=15))
def test_what_is_kept_is_apart_ordered_and_holds_the_best(spans: list[tuple[int, int, float]]) -> None:
    findings = [_finding(start, start + size, weight) for start, size, weight in spans]
    kept = best_apart(findings)
    assert all(a.end <= b.start for a, b in pairwise(kept))
    assert max((f.weight for f in kept), default=0) == max((f.weight for f in findings), default=0)
    assert best_apart(kept) == kept
