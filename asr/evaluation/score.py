"""What became of one line's recordings: errors, words that matter, speed and delays."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein

from asr.evaluation.operating_point import CONFIDENCES, OperatingPoint, rounded


def _points() -> tuple[OperatingPoint, ...]:
    return tuple(map(OperatingPoint, CONFIDENCES))


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
    points: tuple[OperatingPoint, ...] = field(default_factory=_points)
    """Keywords, by the confidence from which on they count; the first one counts all of them."""
    seconds: float = 0.0
    decoding_s: float = 0.0
    first_partial_s: list[float] = field(default_factory=list)
    """From the beginning of the voice to the first words."""
    final_s: list[float] = field(default_factory=list)
    """From the end of the recording to its final words."""

    def add(
        self,
        said: str,
        heard: str,
        seconds: float,
        spoken: Counter[str],
        spotted: Sequence[tuple[str, float]],
    ) -> None:
        """Count one recording of so many seconds: its keywords, and those heard with their confidences."""
        self.clips += 1
        self.right_clips += said == heard
        self.characters += len(said)
        self.wrong_characters += Levenshtein.distance(said, heard)
        self.seconds += seconds
        for point in self.points:
            point.add(spoken, spotted, seconds)

    @property
    def character_error_rate(self) -> float | None:
        """Wrong characters a spoken character; None where nothing was spoken."""
        return self.wrong_characters / self.characters if self.characters else None

    @property
    def keywords(self) -> OperatingPoint:
        """All that were heard, however unsure."""
        return self.points[0]

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
            "character_error_rate": rounded(self.character_error_rate),
            "keyword_recall": rounded(self.keywords.recall),
            "keyword_precision": rounded(self.keywords.precision),
            "false_alarms_a_minute": rounded(self.keywords.false_alarms_a_minute),
            "real_time_factor": rounded(self.real_time_factor),
            "first_partial_s": rounded(median(self.first_partial_s)),
            "final_s": rounded(median(self.final_s)),
            "seconds": round(self.seconds, 1),
            "operating_points": [point.as_json() for point in self.points],
        }


def median(values: list[float]) -> float | None:
    """The middle one; None of none."""
    return statistics.median(values) if values else None
