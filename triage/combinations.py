"""Combinations: words that mean something only near each other, such as 有人 and 拿刀."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from triage.lexicon import Rule

Piece = tuple[int, int, int, str]
"""(start, end, slot, word) of one word of a combination in the text."""


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
