"""All phrases found in one pass over the text (Aho and Corasick, 1975); pyahocorasick does it, in C.

The work is linear in the text and the hits, whatever the number of patterns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import ahocorasick


class Scan(NamedTuple):
    """The outcome of one pass."""

    hits: tuple[tuple[int, int], ...]
    """(place of the pattern's last symbol, pattern index), in the order of the places."""
    open_from: int
    """Where the longest tail begins that could still grow into a *watched* pattern; the text's length if none."""


class Automaton:
    """Patterns compiled for scanning. Immutable after construction, so any number of threads may scan."""

    def __init__(self, patterns: Iterable[str], watched: Iterable[str] = ()) -> None:
        """Compile; empty and repeated patterns are refused with ValueError.

        `watched` names those patterns whose unfinished beginnings a scan reports (`Scan.open_from`).
        """
        self.patterns: tuple[str, ...] = tuple(patterns)
        self._trie = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        if "" in self.patterns:
            raise ValueError("an empty pattern would match everywhere: leave it out")
        for index, pattern in _common_first(self.patterns):
            if not self._trie.add_word(pattern, index):
                raise ValueError(f"pattern {pattern!r} is given twice: keep one of them")
        if self.patterns:  # without any it refuses to scan
            self._trie.make_automaton()
        followed = frozenset(watched).intersection(self.patterns)
        self._unfinished = frozenset(pattern[:n] for pattern in followed for n in range(1, len(pattern)))
        self._longest = max(map(len, self._unfinished), default=0)

    def scan(self, text: str) -> Scan:
        """Find every occurrence of every pattern."""
        return Scan(tuple(self._trie.iter(text)) if self.patterns else (), self._open_from(text))

    def _open_from(self, text: str) -> int:
        for start in range(max(0, len(text) - self._longest), len(text)):
            if text[start:] in self._unfinished:
                return start
        return len(text)


def _common_first(patterns: Sequence[str]) -> list[tuple[int, str]]:
    """Number the patterns, those with common first characters before the others.

    A node's children are searched one by one in the order in which they came, and the root has thousands.
    """
    count = Counter("".join(patterns))
    return sorted(enumerate(patterns), key=lambda numbered: -count[numbered[1][0]])
