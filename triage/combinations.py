"""Combinations: words that mean something only near each other, such as 有人 and 拿刀."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_

from triage.lexicon import Rule

Piece = tuple[int, int, int, str]
"""(start, end, slot, word) of one word of a combination in the text."""


class Completeness:
    """Tells which combinations have a word for every slot; a combination is one bit, so that many are asked at once.

    A word like 有人 belongs to hundreds of combinations, of which one at most is meant.
    """

    def __init__(self, slots: Sequence[int], parts: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        """`slots`: how many each combination has. `parts`: by word, its uses as (combination, slot), none twice."""
        self._count = len(slots)
        self._most = max(slots, default=0)
        self._unneeded = sum(
            self._bit(number, slot) for number, count in enumerate(slots) for slot in range(count, self._most)
        )
        self._bits = {
            word: sum(self._bit(number, slot) for number, slot in uses) for word, uses in parts.items()
        }
        self._slots: list[dict[int, list[int]]] = [{} for _ in slots]
        """For each combination: the slots that a word fills."""
        for word, uses in parts.items():
            for number, slot in uses:
                self._slots[number].setdefault(word, []).append(slot)

    def _bit(self, number: int, slot: int) -> int:
        """All first slots come first, then all second ones."""
        return 1 << slot * self._count + number

    def of(self, words: Collection[int]) -> dict[int, list[tuple[int, int]]]:
        """Return the complete combinations, with (word, slot) of each word in them."""
        filled = reduce(or_, map(self._bits.__getitem__, words), self._unneeded)
        complete = (1 << self._count) - 1
        for slot in range(self._most):
            complete &= filled >> slot * self._count
        found: dict[int, list[tuple[int, int]]] = {}
        while complete:
            lowest = complete & -complete
            number = lowest.bit_length() - 1
            slots = self._slots[number]
            found[number] = [(word, slot) for word in words if word in slots for slot in slots[word]]
            complete ^= lowest
        return found


def combinations(rule: Rule, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, ...]]:
    """Yield each tight meeting of all slots, in any order, not overlapping, within the rule's window.

    Work is linear in the number of pieces: one sweep that remembers, for each slot, the last word before here.
    """
    last: dict[int, Piece] = {}
    for piece in sorted(pieces):
        start, end, slot, _ = piece
        meeting = last | {slot: piece}
        if len(meeting) == len(rule.slots):
            met = sorted(meeting.values())
            if end - met[0][0] <= rule.within and all(a[1] <= b[0] for a, b in pairwise(met)):
                yield tuple(met)
        held = last.get(slot)
        if held is None or start >= held[1] or end <= held[1]:
            last[slot] = piece
