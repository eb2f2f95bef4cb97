"""Versions of Asterisk, and what each is good for (measured, and read from the tags of its repository)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_VERSION = re.compile(r"\b(\d{1,2})\.(\d{1,3})(?:\.(\d{1,3}))?")


class Fitness(StrEnum):
    """How well a version serves."""

    GOOD = "good"
    USABLE = "usable"
    TOO_OLD = "too old"


@dataclass(frozen=True, slots=True, order=True)
class AsteriskVersion:
    """A release of Asterisk."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @classmethod
    def parse(cls, text: str) -> AsteriskVersion | None:
        """The version in the text that `asterisk -V` prints; None when there is none in it."""
        match = _VERSION.search(text)
        return cls(int(match[1]), int(match[2]), int(match[3] or 0)) if match else None

    @property
    def fitness(self) -> Fitness:
        """Too old: an AudioSocket call spins a core. Usable: DTMF must be taken from elsewhere."""
        if self._since({18: 20, 20: 5}, first_good_major=21):
            return (
                Fitness.GOOD if self._since({20: 14, 21: 9, 22: 4}, first_good_major=23) else Fitness.USABLE
            )
        return Fitness.TOO_OLD

    @property
    def remark(self) -> str:
        """One line for the log and for `doctor`."""
        return {
            Fitness.GOOD: "everything works",
            Fitness.USABLE: (
                "works; keys that a caller presses do not arrive through AudioSocket, and a silent caller is noticed "
                "late (20.14, 21.9 or 22.4 and later do both)"
            ),
            Fitness.TOO_OLD: "not used: AudioSocket takes a whole core for each call before 18.20 and 20.5",
        }[self.fitness]

    def _since(self, minors: dict[int, int], *, first_good_major: int) -> bool:
        if self.major >= first_good_major:
            return True
        return self.major in minors and self.minor >= minors[self.major]
