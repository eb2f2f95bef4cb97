"""What triage says about a caller's words: the decision, its evidence, and the verdict on half a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Route(StrEnum):
    """Who should hear the caller."""

    POLICE = "police"
    MINSHENG = "minsheng"


class Listening(StrEnum):
    """What the words so far already allow."""

    POLICE_NOW = "police_now"
    """Strong police evidence stands: put the caller through in mid-sentence."""
    KEEP_LISTENING = "keep_listening"
    """Nothing is certain yet."""
    LIVELIHOOD_CLEAR = "livelihood_clear"
    """A clear request and no police evidence: let the caller finish the sentence, then decide."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding in the words."""

    phrase: str
    """The lexicon's phrase; the parts of a combination are joined by `…`."""
    start: int
    """Offset of its first character in the decision's text."""
    end: int
    """Offset after its last character; `text[start:end]` is what was said."""
    rule: str
    """The lexicon rule that found it, such as `police/robbery#3`."""
    category: str
    """The id of the field that the rule belongs to, such as `robbery`."""
    weight: float
    """0..1; 1 decides alone. Lower than the rule's own where only the sound matched, or only some readings have it."""
    alternative: str = ""
    """The other reading of the words in which alone it stands, and in which `start` and `end` count; mostly none."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a caller goes, and why; complete enough to be explained and replayed."""

    route: Route
    category: str
    """A stable id, such as `water`; `unclear` when the words name nothing."""
    label: str
    """The category in Chinese, for screens."""
    priority: int
    """1 is the highest, 4 the lowest."""
    confidence: float
    """Probability, 0..1, that the route is right, as the policy's model sees it."""
    evidence: tuple[Evidence, ...]
    """What stands, in the order of the text; what a harmless context cancelled is not here."""
    flags: tuple[str, ...]
    """Of: unclear, silent, unintelligible, handover, mixed, covert?, danger_confirmed, danger_denied,
    danger_unanswered, low_confidence, negated, sounds_like, alternative, abusive."""
    joint_service: str | None
    """Services to be called along, such as `119` or `120/122`."""
    department: str | None
    """The field of the 12345 hotline that will handle it."""
    lexicon_version: str
    text: str
    alternatives: tuple[tuple[str, float], ...] = ()
    """The other readings of the text that were looked at, each with its share, 0..1."""
