"""What a finder hands on: a fact whose offsets still count letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from triage.facts.fact import Fact, Kind, Part
from triage.spoken_text import SpokenText


@dataclass(frozen=True, slots=True)
class Found:
    """A fact in folded letters."""

    kind: Kind
    start: int
    end: int
    value: str
    parts: tuple[Part, ...] = ()

    def fact(self, spoken: SpokenText) -> Fact:
        """Write it with the offsets of the original text."""
        start, end = spoken.span(self.start, self.end)
        parts = tuple(
            Part(part.level, part.value, *spoken.span(part.start, part.end), part.code, part.by_sound)
            for part in self.parts
        )
        return Fact(self.kind, spoken.original[start:end], self.value, start, end, parts)


def apart(found: Iterable[Found]) -> list[Found]:
    """Keep what does not overlap, longer before shorter, in the order of the text; for one kind."""
    candidates = sorted(found, key=lambda f: (f.start - f.end, f.start))
    taken = bytearray(max((f.end for f in candidates), default=0))
    kept = []
    for one in candidates:
        if not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            kept.append(one)
    return sorted(kept, key=lambda f: f.start)
