"""Recognisers that err, sharing one dictionary: it takes seconds to read."""

from __future__ import annotations

from functools import cache

from triage.homophones import Homophones
from triage.simulated_recogniser import SimulatedRecogniser


@cache
def homophones() -> Homophones:
    """Return the dictionary."""
    return Homophones()


def recogniser(rate: float, seed: int = 0) -> SimulatedRecogniser:
    """Return a recogniser of this rate."""
    return SimulatedRecogniser(rate, seed, homophones())
