"""Sentences whose misses nobody reads: what to expect of callers who have never been heard."""

from __future__ import annotations

from tests.triage.shipped import utterances
from triage.decision import Route
from triage.engine import Triage
from triage.simulated_recogniser import SimulatedRecogniser

UNSEEN: dict[str, list[str]] = utterances("unseen")
KEPT_AT_LEAST = 0.99
FREED_AT_LEAST = 0.75  # the aim is 0.90; what is reached stands here (docs/triage-quality.md)
KEPT_AT_20_PERCENT = 0.98
FREED_AT_20_PERCENT = 0.61


def share(triage: Triage, side: str, noise: float = 0.0) -> float:
    """How many of one side's sentences go where they belong; the sentences themselves are never shown."""
    hearing = SimulatedRecogniser(noise)
    right = sum(triage.decide(hearing.hear(text)).route is Route(side) for text in UNSEEN[side])
    return right / len(UNSEEN[side])


def test_dangerous_ones_are_kept_and_livelihood_ones_freed(triage: Triage) -> None:
    assert share(triage, "police") >= KEPT_AT_LEAST
    assert share(triage, "minsheng") >= FREED_AT_LEAST


def test_the_same_through_a_recogniser_that_errs(triage: Triage) -> None:
    assert share(triage, "police", 0.2) >= KEPT_AT_20_PERCENT
    assert share(triage, "minsheng", 0.2) >= FREED_AT_20_PERCENT
