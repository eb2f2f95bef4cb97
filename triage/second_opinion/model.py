"""The model at work: weights from a readable file, log-odds for a text, and what spoke loudest."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from pathlib import Path

from triage.automaton import Automaton
from triage.errors import LexiconError
from triage.second_opinion.features import LONGEST
from triage.sounds import SoundTable

DEFAULT_FILE = Path(__file__).parent / "weights.tsv"
_HEADER = ("kind", "gram", "weight")
_STRONGEST = 3


@dataclass(frozen=True, slots=True)
class Voice:
    """One gram that spoke, with its place in the letters and its share of the log-odds."""

    gram: str
    start: int
    end: int
    log_odds: float
    """For the side that was asked about."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model holds of a text."""

    log_odds: float
    """That it is a police matter; 0 is undecided."""

    @property
    def p_police(self) -> float:
        """The probability that it is a police matter, 0..1, as the model sees it."""
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, self.log_odds))))


class SecondOpinion:
    """A linear model: a bias, and a weight a gram. Immutable after construction."""

    def __init__(self, bias: float, weights: dict[str, float], table: SoundTable) -> None:
        """`weights` by gram, those of sounds in the symbols of `table`."""
        self._bias = bias
        self._weights = array("d", weights.values())
        """By the number of the gram in the automaton."""
        self._table = table
        self._automaton = Automaton(weights)
        self.version = sha256(repr((bias, sorted(weights.items()))).encode()).hexdigest()[:12]

    @classmethod
    def load(cls, table: SoundTable, file: Path = DEFAULT_FILE) -> SecondOpinion:
        """Read the weights; raises LexiconError naming file and line."""
        weights: dict[str, float] = {}
        bias: float | None = None
        for number, kind, gram, weight in _rows(file):
            if kind != "bias" and not 0 < len(gram.split(" ") if kind == "sounds" else gram) <= LONGEST:
                raise LexiconError(
                    file, number, "gram", f"one to {LONGEST} characters or sounds, not {gram!r}"
                )
            if kind == "bias":
                bias = weight
            elif kind == "characters":
                weights[gram] = weight
            elif kind == "sounds" and (written := table.write_syllables(gram.split(" "))):
                weights[written] = weight
            else:
                raise LexiconError(file, number, kind, f"no such kind, or no such syllables: {gram!r}")
        if bias is None:
            raise LexiconError(file, 0, "bias", "missing: train the model anew")
        return cls(bias, weights, table)

    def judge(self, letters: str) -> Opinion:
        """Judge folded letters (`triage.spoken_text.fold`); any text."""
        known = dict.fromkeys(map(itemgetter(1), self._hits(letters)))
        scale = 1 / math.sqrt(len(known)) if known else 0.0  # long texts are not surer than short ones
        return Opinion(self._bias + scale * sum(map(self._weights.__getitem__, known)))

    def strongest(self, letters: str, *, for_police: bool) -> list[Voice]:
        """Return what spoke loudest for one side and does not overlap, in the order of the text."""
        known = self._known(letters)
        scale = (1.0 if for_police else -1.0) / math.sqrt(max(1, len(known)))
        voices = [
            (scale * self._weights[gram], last + 1 - len(self._automaton.patterns[gram]), last + 1)
            for gram, last in known.items()
        ]
        taken: list[Voice] = []
        for loud, start, end in sorted(voices, key=lambda voice: (-voice[0], *voice[1:])):
            if len(taken) == _STRONGEST or loud <= 0:
                break
            if all(end <= other.start or start >= other.end for other in taken):
                taken.append(Voice(letters[start:end], start, end, loud))
        return sorted(taken, key=lambda voice: voice.start)

    def _known(self, letters: str) -> dict[int, int]:
        """Return every gram that has a weight, by its number, with the place of its last letter where it is first."""
        known: dict[int, int] = {}
        for last, gram in self._hits(letters):
            known.setdefault(gram, last)
        return known

    def _hits(self, letters: str) -> tuple[tuple[int, int], ...]:
        """Return the place of the last letter and the number of every gram that has a weight, repeated ones too."""
        return self._automaton.scan(letters).hits + self._automaton.scan(self._table.write(letters)).hits


def _rows(file: Path) -> list[tuple[int, str, str, float]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise LexiconError(file, 0, "(file)", f"cannot be read: {wrong}") from wrong
    rows: list[tuple[int, str, str, float]] = []
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#") or tuple(line.split("\t")) == _HEADER:
            continue
        try:
            kind, gram, weight = line.split("\t")
            rows.append((number, kind, gram, float(weight)))
        except ValueError as wrong:
            raise LexiconError(file, number, "(row)", f"three columns kind, gram, weight: {wrong}") from wrong
        if not math.isfinite(rows[-1][3]):
            raise LexiconError(file, number, "weight", "must be a finite number")
    return rows
