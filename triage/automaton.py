"""A multi-pattern automaton (Aho and Corasick, 1975): all phrases found in one pass over the text.

The work is at most two steps a symbol plus one a hit, whatever the number of patterns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scan:
    """The outcome of one pass."""

    hits: tuple[tuple[int, int], ...]
    """(end, pattern index): the pattern's last symbol stands at end - 1."""
    open_from: int
    """Where the longest tail begins that could still grow into a *watched* pattern; the text's length if none."""
    steps: int
    """Transitions followed, failure links included: the measure of work."""


class Automaton:
    """Patterns compiled for scanning. Immutable after construction, so any number of threads may scan."""

    def __init__(self, patterns: Iterable[str], watched: Iterable[str] = ()) -> None:
        """Compile; empty and repeated patterns are refused with ValueError.

        `watched` names those patterns whose unfinished beginnings a scan reports (`Scan.open_from`).
        """
        self.patterns: tuple[str, ...] = tuple(patterns)
        self._goto: list[dict[str, int]] = [{}]
        self._found: list[tuple[int, ...]] = [()]
        self._depth: list[int] = [0]
        unfinished: set[int] = set()
        wanted = frozenset(watched)
        for index, pattern in enumerate(self.patterns):
            self._insert(pattern, index, unfinished if pattern in wanted else None)
        self._fail = self._link()
        self._open = self._unfinished_depths(unfinished)

    def _insert(self, pattern: str, index: int, unfinished: set[int] | None) -> None:
        if not pattern:
            raise ValueError("an empty pattern would match everywhere: leave it out")
        node = 0
        for symbol in pattern:
            if unfinished is not None and node:
                unfinished.add(node)
            following = self._goto[node].get(symbol)
            if following is None:
                following = len(self._goto)
                self._goto[node][symbol] = following
                self._goto.append({})
                self._found.append(())
                self._depth.append(self._depth[node] + 1)
            node = following
        if self._found[node]:
            raise ValueError(f"pattern {pattern!r} is given twice: keep one of them")
        self._found[node] = (index,)

    def _link(self) -> list[int]:
        """Set failure links breadth first, and let each node know what ends there by any of its suffixes."""
        fail = [0] * len(self._goto)
        self._order: list[int] = []
        queue = deque(self._goto[0].values())
        while queue:
            node = queue.popleft()
            self._order.append(node)
            for symbol, child in self._goto[node].items():
                back = fail[node]
                while back and symbol not in self._goto[back]:
                    back = fail[back]
                fail[child] = self._goto[back].get(symbol, 0)
                queue.append(child)
            self._found[node] += self._found[fail[node]]
        return fail

    def _unfinished_depths(self, unfinished: set[int]) -> list[int]:
        """For each node, the length of its longest suffix that begins, and does not end, a watched pattern."""
        depths = [0] * len(self._goto)
        for node in self._order:
            depths[node] = self._depth[node] if node in unfinished else depths[self._fail[node]]
        return depths

    def scan(self, text: str) -> Scan:
        """Find every occurrence of every pattern, in the order of where they end."""
        goto, fail, found = self._goto, self._fail, self._found
        hits: list[tuple[int, int]] = []
        node = steps = 0
        for end, symbol in enumerate(text, 1):
            following = goto[node].get(symbol)
            while following is None and node:
                node = fail[node]
                steps += 1
                following = goto[node].get(symbol)
            node = following or 0
            steps += 1
            if found[node]:
                hits.extend((end, index) for index in found[node])
        return Scan(tuple(hits), len(text) - self._open[node], steps)
