"""Combinations: words that mean something only near each other, such as 有人 and 拿刀."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from triage.lexicon import Rule

Piece = tuple[int, int, int, str]
"""(start, end, slot, word) of one word of a combination in the text."""


class Completeness:
    """Tells which combinations have a word for every slot; a combination is one bit, so that many are asked at once.

    A word like 有人 belongs to hundreds of combinations, of which one at most is meant.
    """

    def __init__(self, slots: Sequence[int], parts: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        """`slots`: how many each combination has. `parts`: for each word's index, (combination, slot) of its uses."""
        self._unneeded = [
            sum(1 << number for number, count in enumerate(slots) if count <= slot)
            for slot in range(max(slots, default=0))
        ]
        self._bits: dict[int, tuple[tuple[int, int], ...]] = {}
        for word, uses in parts.items():
            bits: dict[int, int] = {}
            for number, slot in uses:
                bits[slot] = bits.get(slot, 0) | 1 << number
            self._bits[word] = tuple(bits.items())

    def of(self, words: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
        """Return the complete combinations, with (word, slot) of each word in them."""
        filled = self._unneeded.copy()
        spoken = [(word, slot, bits) for word in words for slot, bits in self._bits[word]]
        for _, slot, bits in spoken:
            filled[slot] |= bits
        complete = -1 if filled else 0
        for bits in filled:
            complete &= bits
        found: dict[int, list[tuple[int, int]]] = {}
        if complete:
            for word, slot, bits in spoken:
                here = bits & complete
                while here:
                    lowest = here & -here
                    found.setdefault(lowest.bit_length() - 1, []).append((word, slot))
                    here ^= lowest
        return found


def combinations(rule: Rule, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, ...]]:
    """Yield each tight meeting of all slots, in any order, not overlapping, within the rule's window.

    Work is linear in the number of pieces: one sweep that remembers, for each slot, the last word before here.
    """
    slots = len(rule.slots)
    last: list[Piece | None] = [None] * slots
    for piece in sorted(pieces):
        start, end, slot, _ = piece
        chosen = [piece]
        for other in range(slots):
            before = last[other]
            if other == slot:
                continue
            if before is None or end - before[0] > rule.within:
                break
            chosen.append(before)
        else:
            chosen.sort()
            if all(a[1] <= b[0] for a, b in pairwise(chosen)):
                yield tuple(chosen)
        held = last[slot]
        if held is None or start >= held[1] or end <= held[1]:
            last[slot] = piece
