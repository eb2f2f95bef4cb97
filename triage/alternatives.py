"""What the caller may have said instead: the recogniser's other readings of the same sound.

A reading can turn a call towards police and never away from them: police evidence that stands in a reading alone counts
with its weight times the reading's share. What the caller asks for is taken from the best text only; where readings
disagree about it, the recogniser is not sure of those words, and their confidences lighten it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from triage.findings import Analysis, Finding, best_apart
from triage.spoken_text import SpokenText, fold

MOST = 10
"""Readings looked at, so that work stays bounded; the likeliest are to come first."""
LONGEST = 1000
"""Characters of a reading that are looked at: a caller says 300 in the longest dialogue that can be configured."""
_LEAST = 0.05  # a doubt lighter than this is none: every sound has some faint likeness to something dangerous


@dataclass(frozen=True, slots=True)
class Reading:
    """One other reading of the whole text."""

    spoken: SpokenText
    share: float
    """How much of the recogniser's belief it has, 0..1. Readings of different stretches need not add up to 1."""


def readings(text: str, alternatives: Sequence[tuple[str, float]]) -> tuple[Reading, ...]:
    """Return what is to be looked at, in the order given, each text once with its shares added.

    Left out is what says the same as the text. A share outside 0..1 is brought back; one that is no number counts
    as 1, the doubtful way.
    """
    same = fold(text).letters
    kept: dict[str, Reading] = {}
    for other, share in islice(alternatives, MOST):
        spoken = fold(other[:LONGEST])
        if spoken.letters == same:
            continue
        earlier = kept.get(spoken.letters)
        believed = _share(share) + (earlier.share if earlier else 0.0)
        kept[spoken.letters] = Reading(earlier.spoken if earlier else spoken, min(1.0, believed))
    return tuple(kept.values())


def doubts(said: Analysis, others: Iterable[tuple[Reading, Analysis]]) -> list[Finding]:
    """Return the police findings of the other readings as far as they go beyond what the text itself says.

    One for each rule: as heavy as the rule is in the readings beyond its weight in the text, each times the share;
    its phrase and place are those of the reading that adds most. The heaviest come first.
    """
    known = _by_rule([f for f in said.standing if f.rule.police])
    total: dict[str, float] = defaultdict(float)
    strongest: dict[str, Finding] = {}
    for reading, analysis in others:
        standing = best_apart([f for f in analysis.standing if f.rule.police])
        for rule, finding in _by_rule(standing).items():
            beyond = finding.weight - (known[rule].weight if rule in known else 0.0)
            added = reading.share * beyond
            if added <= 0:
                continue
            total[rule] += added
            if rule not in strongest or strongest[rule].weight < added:
                strongest[rule] = finding._replace(weight=added, reading=reading.spoken)
    found = [f._replace(weight=min(total[rule], f.rule.weight)) for rule, f in strongest.items()]
    return sorted((f for f in found if f.weight >= _LEAST), key=lambda f: (-f.weight, f.rule.id))


def _by_rule(findings: Iterable[Finding]) -> Mapping[str, Finding]:
    """The weightiest finding of each rule."""
    return {f.rule.id: f for f in sorted(findings, key=lambda f: f.weight)}


def _share(share: float) -> float:
    return max(0.0, share) if share <= 1 else 1.0  # nan is not <= 1
