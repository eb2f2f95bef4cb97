"""What takes the danger out of a dangerous word: harmless contexts (抢红包) and denials (不是抢劫).

Both cancel only the evidence that lies inside them. A denial counts only when it was said in one breath with what
it denies, and not when it is itself part of a question (是不是抢劫) or doubted (没受伤吗): in doubt the word stands.
"""

from __future__ import annotations

from collections.abc import Iterable

from triage.lexicon import Negation
from triage.spoken_text import SpokenText

Span = tuple[int, int]


class Shelter:
    """The sheltered stretches of one text; answers in constant time whether a stretch lies inside one."""

    def __init__(self, length: int, spans: Iterable[Span]) -> None:
        furthest: dict[int, int] = {}
        for start, end in spans:
            furthest[start] = max(furthest.get(start, 0), end)
        reach: list[int] = []
        if furthest:
            far = 0
            for place in range(length + 1):
                if place in furthest and furthest[place] > far:
                    far = furthest[place]
                reach.append(far)
        self._reach = reach

    def covers(self, start: int, end: int) -> bool:
        """Tell whether one stretch contains all of [start:end)."""
        return bool(self._reach) and self._reach[start] >= end


def denials(
    spoken: SpokenText, negators: Iterable[Span], deniable: dict[int, list[int]], negation: Negation
) -> list[Span]:
    """Return the stretches from a negating word to the end of what it denies.

    `deniable` gives, for each place where evidence that can be denied begins, the places where it ends.
    """
    letters = spoken.letters
    found: list[Span] = []
    for start, end in negators:
        if end not in deniable or letters.endswith(negation.void_before, 0, start):
            continue
        found.extend(
            (start, stop)
            for stop in deniable[end]
            if not letters.startswith(negation.void_after, stop) and spoken.joined(start, stop)
        )
    return found
