"""What became of one line's recordings: errors, words that matter, speed and delays."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein


@dataclass(slots=True)
class Score:
    """Sums over the recordings of one line; the shares are of all of them together."""

    line: str
    clips: int = 0
    right_clips: int = 0
    """Heard without an error."""
    characters: int = 0
    wrong_characters: int = 0
    """Substituted, left out and put in."""
    said: Counter[str] = field(default_factory=Counter)
    """Keywords that were spoken."""
    found: Counter[str] = field(default_factory=Counter)
    """Those of them that were heard."""
    heard: Counter[str] = field(default_factory=Counter)
    """Keywords that were heard, spoken or not."""
    seconds: float = 0.0
    decoding_s: float = 0.0
    first_partial_s: list[float] = field(default_factory=list)
    """From the beginning of the voice to the first words."""
    final_s: list[float] = field(default_factory=list)
    """From the end of the recording to its final words."""

    def add(self, said: str, heard: str, keywords: tuple[Counter[str], Counter[str]]) -> None:
        """Count one recording; `keywords` are those said and those heard."""
        self.clips += 1
        self.right_clips += said == heard
        self.characters += len(said)
        self.wrong_characters += Levenshtein.distance(said, heard)
        spoken, taken = keywords
        self.said += spoken
        self.heard += taken
        self.found += spoken & taken

    @property
    def character_error_rate(self) -> float | None:
        """Wrong characters a spoken character; None where nothing was spoken."""
        return self.wrong_characters / self.characters if self.characters else None

    @property
    def recall(self) -> float | None:
        """The share of the spoken keywords that were heard."""
        return self.found.total() / self.said.total() if self.said else None

    @property
    def precision(self) -> float | None:
        """The share of the heard keywords that were spoken."""
        return self.found.total() / self.heard.total() if self.heard else None

    @property
    def false_alarms_a_minute(self) -> float:
        """Keywords heard that nobody spoke, a minute of sound."""
        return (self.heard.total() - self.found.total()) / self.seconds * 60 if self.seconds else 0.0

    @property
    def real_time_factor(self) -> float:
        """Seconds of decoding on one core a second of sound."""
        return self.decoding_s / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, object]:
        """The figures, by name."""
        return {
            "line": self.line,
            "clips": self.clips,
            "right_clips": self.right_clips,
            "character_error_rate": _rounded(self.character_error_rate),
            "keyword_recall": _rounded(self.recall),
            "keyword_precision": _rounded(self.precision),
            "false_alarms_a_minute": _rounded(self.false_alarms_a_minute),
            "real_time_factor": _rounded(self.real_time_factor),
            "first_partial_s": _rounded(median(self.first_partial_s)),
            "final_s": _rounded(median(self.final_s)),
            "seconds": round(self.seconds, 1),
        }


def median(values: list[float]) -> float | None:
    """The middle one; None of none."""
    return statistics.median(values) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
