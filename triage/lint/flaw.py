"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Severity(Enum):
    """How bad it is."""

    ERROR = "错误"
    """Decisions are not what the lexicon seems to say: mend it."""
    WARNING = "警告"
    """Likely a mistake: look at it."""
    HINT = "提示"
    """Superfluous or remarkable; nothing goes wrong."""

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Place:
    """A line, from 1, of a file."""

    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, and what to do about it."""

    severity: Severity
    place: Place
    rule: str
    """The rule's id, such as `police/robbery#3`, or the list, such as `police/robbery/harmless`."""
    problem: str
    advice: str
