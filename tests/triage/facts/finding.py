"""What the tests of facts share: one finder without a gazetteer, and the facts of one kind as (text, value)."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from triage.facts.fact import Kind
from triage.facts.finder import FactFinder

NOW = datetime(2026, 11, 22, 15, 0)  # noqa: DTZ001 - a caller's clock, a Sunday


@cache
def finder() -> FactFinder:
    """The finder, loaded once for all tests."""
    return FactFinder()


def found(kind: Kind, text: str, now: datetime | None = None) -> list[tuple[str, str]]:
    """The facts of this kind: what was said and its normal form."""
    return [(fact.text, fact.value) for fact in finder().find(text, now) if fact.kind is kind]
