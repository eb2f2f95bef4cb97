"""The ground on which places are looked for: where a name may begin, and the pieces that places are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from triage.facts.fact import Level, Part
from triage.facts.found import Found
from triage.facts.reading import Hit, Reading

_CUE_LENGTH = 4  # letters of the longest word that announces a place


class Standing(Enum):
    """What a piece needs to be taken for a place."""

    NAME = "stands alone"
    NUMBER = "needs another piece beside it"
    WEAK = "needs another piece, or a word such as 在 before it"
    NEAR = "only says where beside another piece"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a place; offsets count letters."""

    level: Level
    start: int
    end: int
    value: str
    standing: Standing
    code: str = ""
    by_sound: bool = False
    known: bool = False
    """The gazetteer has it."""
    bare: bool = False
    """A gazetteer's name without its 省, 市, 县 …: it may be the beginning of a longer name (杭州 of 杭州路)."""

    def part(self) -> Part:
        """Return it as it stands in a fact, offsets still in letters."""
        return Part(self.level, self.value, self.start, self.end, self.code, self.by_sound)


class Ground:
    """One text's boundaries: ends of words that no name contains, pauses, facts of other kinds."""

    def __init__(self, reading: Reading, cues: tuple[str, ...], others: Iterable[Found]) -> None:
        self.reading = reading
        self.letters = reading.letters
        self._cues = cues
        length = len(self.letters)
        self._mark = bytearray(length + 1)
        self._begins = bytearray(length + 1)
        self.edges: dict[int, int] = {}
        """For each letter where words of no name begin, the end of the longest."""
        for hit in reading.hits.get("edge", ()):
            self._mark[hit.end] = self._begins[hit.start] = 1
            self.edges[hit.start] = max(hit.end, self.edges.get(hit.start, 0))
        for pause in reading.pauses:
            self._mark[pause] = self._begins[pause] = 1
        self.taken = bytearray(length)
        """Letters of other facts."""
        for other in others:
            self._mark[other.end] = self._begins[other.start] = 1
            self.taken[other.start : other.end] = b"\1" * (other.end - other.start)
        self._begins[length] = 1
        self._endings: dict[int, list[Hit]] = defaultdict(list)
        for hit in reading.hits.get("suffix", ()):
            self._endings[hit.end].append(hit)
        self.relations: dict[int, int] = {}
        """For each letter where 门口, 对面, 旁 … begin, the end of the longest."""
        for hit in reading.hits.get("relation", ()):
            self.relations[hit.start] = max(hit.end, self.relations.get(hit.start, 0))
        floor = 0
        self._floor: list[int] = []
        for i in range(length + 1):
            floor = i if self._mark[i] else floor
            self._floor.append(floor)

    def floor(self, at: int) -> int:
        """Return the furthest place left of `at` where a name that ends there may begin."""
        return self._floor[at]

    def behind(self, at: int, limit: int) -> int:
        """Return the end of the words that say where exactly, right behind a piece that ends at `at`."""
        while at + 1 < (end := self.relations.get(at, 0)) <= limit:
            at = end
        return at

    def is_start(self, at: int) -> bool:
        """Tell whether a name may begin here: the text's beginning, a pause, or behind a word of no name."""
        return self._floor[at] == at

    def is_end(self, at: int) -> bool:
        """Tell whether a name must end here."""
        return bool(self._begins[at])

    def cued(self, at: int) -> bool:
        """Tell whether a word such as 在 stands right before."""
        return at > 0 and self.letters[max(0, at - _CUE_LENGTH) : at].endswith(self._cues)

    def is_free(self, start: int, end: int) -> bool:
        """Tell whether no other fact has a letter here."""
        return not any(self.taken[start:end])

    def endings_at(self, end: int) -> list[Hit]:
        """Return the endings of names that end here, however short."""
        return self._endings.get(end, [])

    def covered(self, start: int, end: int) -> bool:
        """Tell whether one word of no name begins before `start` and reaches to `end` or beyond (马|路)."""
        return any(self.edges.get(i, 0) >= end for i in range(max(0, start - 3), start))

    def holds_edge(self, start: int, end: int) -> bool:
        """Tell whether a word of no name lies inside."""
        return any(self.edges.get(i, end + 1) <= end for i in range(start, end))


def pieces_apart(pieces: Iterable[Piece]) -> list[Piece]:
    """Keep the pieces that do not overlap, the earlier of the sequence before the later; in the order of the text."""
    candidates = list(pieces)
    taken = bytearray(max((p.end for p in candidates), default=0))
    kept = []
    for piece in candidates:
        if not any(taken[piece.start : piece.end]):
            taken[piece.start : piece.end] = b"\1" * (piece.end - piece.start)
            kept.append(piece)
    return sorted(kept, key=lambda p: p.start)
