"""What matching finds in a text, before the policy weighs it."""

from __future__ import annotations

from typing import NamedTuple

from triage.decision import Evidence
from triage.lexicon import Rule
from triage.spoken_text import SpokenText


class Finding(NamedTuple):
    """A rule that a stretch of letters meets."""

    start: int
    end: int
    rule: Rule
    phrase: str
    weight: float
    """The rule's weight; lower when only the sound matched."""
    by_sound: bool
    last_start: int
    """Where the last of its parts begins; `start` for a plain phrase."""
    reading: SpokenText | None = None
    """The other reading of the words in which it stands; None: the words themselves."""

    def evidence(self, spoken: SpokenText) -> Evidence:
        """Write it with the offsets of the original text, or of the reading."""
        start, end = (self.reading or spoken).span(self.start, self.end)
        alternative = self.reading.original if self.reading else ""
        weight = round(self.weight, 3)
        return Evidence(self.phrase, start, end, self.rule.id, self.rule.field.id, weight, alternative)


class Analysis(NamedTuple):
    """All that was found in one text."""

    spoken: SpokenText
    standing: tuple[Finding, ...]
    cancelled: tuple[Finding, ...]
    """Police findings inside a harmless context or a denial."""
    handover: tuple[tuple[int, int], ...]
    """Letters that ask for a person."""
    abuse: tuple[tuple[int, int], ...]
    """Letters that insult whoever answers."""
    denied: bool
    """Some police evidence was cancelled by a denial."""
    denials: tuple[tuple[int, int], ...]
    """Letters from a negating word to the end of what it denies."""
    open_from: int
    """Letters from here on may still turn out to be the beginning of a harmless context."""
    steps: int
    """Letters scanned, hits and words of combinations looked at: the measure of work."""


def best_apart(findings: list[Finding]) -> list[Finding]:
    """Keep the weightiest findings that do not overlap (of equals the longest), in the order of the text."""
    if len(findings) < 2:
        return findings.copy()
    taken = bytearray(max(finding.end for finding in findings))
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (-f.weight, f.start - f.end, f.start, f.rule.id)):
        if not any(taken[finding.start : finding.end]):
            taken[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
            kept.append(finding)
    return sorted(kept, key=lambda f: (f.start, f.end))
