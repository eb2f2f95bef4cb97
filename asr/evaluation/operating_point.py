"""What becomes of keyword spotting where only words of some confidence count: fewer false alarms, and fewer finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCES = (0.0, 0.3, 0.5, 0.7, 0.9)
AIM_RECALL = 0.7
AIM_FALSE_ALARMS = 1.0
"""A minute. Above it, and below that recall, words of a recogniser are no help to anybody."""


@dataclass(slots=True)
class OperatingPoint:
    """Sums over recordings, of keywords heard with a confidence of at least `confidence` (0..1)."""

    confidence: float
    said: int = 0
    found: int = 0
    """Of those said."""
    heard: int = 0
    """Spoken or not."""
    seconds: float = 0.0
    """Of sound."""

    def add(self, said: Counter[str], heard: Sequence[tuple[str, float]], seconds: float) -> None:
        """Count one recording; `heard` has each keyword's confidence."""
        counted = Counter(word for word, confidence in heard if confidence >= self.confidence)
        self.said += said.total()
        self.found += (said & counted).total()
        self.heard += counted.total()
        self.seconds += seconds

    @property
    def recall(self) -> float | None:
        """The share of the spoken keywords that were heard; None where none was spoken."""
        return self.found / self.said if self.said else None

    @property
    def precision(self) -> float | None:
        """The share of the heard keywords that were spoken; None where none was heard."""
        return self.found / self.heard if self.heard else None

    @property
    def false_alarms_a_minute(self) -> float:
        """Keywords heard that nobody spoke, a minute of sound."""
        return (self.heard - self.found) / self.seconds * 60 if self.seconds else 0.0

    @property
    def reaches_the_aim(self) -> bool:
        """Whether seven of ten keywords are heard with no more than one false alarm a minute."""
        return (self.recall or 0.0) >= AIM_RECALL and self.false_alarms_a_minute <= AIM_FALSE_ALARMS

    def as_json(self) -> dict[str, object]:
        """The figures, by name."""
        return {
            "confidence": self.confidence,
            "keyword_recall": rounded(self.recall),
            "keyword_precision": rounded(self.precision),
            "false_alarms_a_minute": rounded(self.false_alarms_a_minute),
        }


def rounded(value: float | None) -> float | None:
    """As JSON shows it."""
    return None if value is None else round(value, 4)
