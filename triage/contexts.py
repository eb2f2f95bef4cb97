"""What takes the danger out of a dangerous word: harmless contexts (抢红包) and denials (不是抢劫).

Both cancel only the evidence that lies inside them. A denial counts only when it was said in one breath with what
it denies, and not when it is itself part of a question (是不是抢劫) or doubted (没受伤吗): in doubt the word stands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from triage.lexicon import Negation
from triage.spoken_text import SpokenText

Span = tuple[int, int]


class Shelter:
    """The sheltered stretches of one text."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._reach: list[int] = []
        """For each start, how far this stretch or one before it goes."""
        reach = 0
        for start, end in sorted(spans):
            reach = max(reach, end)
            self._starts.append(start)
            self._reach.append(reach)

    def covers(self, start: int, end: int) -> bool:
        """Tell whether one stretch contains all of [start:end)."""
        before = bisect_right(self._starts, start)
        return before > 0 and self._reach[before - 1] >= end


def denials(
    spoken: SpokenText, negators: Iterable[Span], deniable: Sequence[Span], negation: Negation
) -> list[Span]:
    """Return the stretches from a negating word to the end of what it denies.

    `deniable` is all evidence that can be denied.
    """
    letters = spoken.letters
    ends: dict[int, list[int]] = {}
    for start, end in deniable:
        ends.setdefault(start, []).append(end)
    found: list[Span] = []
    for start, end in negators:
        if end not in ends or letters.endswith(negation.void_before, 0, start):
            continue
        found.extend(
            (start, stop)
            for stop in ends[end]
            if not letters.startswith(negation.void_after, stop) and spoken.joined(start, stop)
        )
    return found
