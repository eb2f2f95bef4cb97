"""From findings to a route: two sums, a price for each kind of error, and the cheaper way taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from triage.findings import Finding, best_apart
from triage.questions import Danger
from triage.second_opinion.model import Opinion
from triage.yaml_source import read_yaml

DEFAULT_FILE = Path(__file__).parent / "policy.yaml"
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]


class Cost(BaseModel):
    """The price of each error, in the same unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    missed_police: Positive
    blocked_line: Positive


class Policy(BaseModel):
    """The numbers of `policy.yaml`, explained there."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cost: Cost
    prior: Annotated[float, Field(ge=-20, le=20)]
    livelihood_gain: Positive
    police_gain: Positive
    decay: Share
    livelihood_cap: Positive
    support_only: Share
    general_topic: Share
    clear_livelihood: Positive
    clear_when_denied: Positive
    denial_gain: Positive
    opinion_gain: Annotated[float, Field(ge=0, le=10)]
    opinion_veto: Share
    opinion_support: Share
    opinion_sure: Share
    opinion_letters: Annotated[int, Field(ge=0, le=100)]
    strong_police: Share
    police_now: Share
    min_confidence: Annotated[float, Field(ge=0, le=1)]
    sure_confidence: Share

    @classmethod
    def load(cls, file: Path = DEFAULT_FILE) -> Policy:
        """Load a policy; raises LexiconError naming file, line and key."""
        return read_yaml(file).validate(cls)

    def weigh(
        self,
        findings: Sequence[Finding],
        confidence: float,
        certainty: Sequence[float] | None,
        *,
        danger: Danger = Danger.UNKNOWN,
        opinion: Opinion | None = None,
        letters: int = 0,
        doubts: Sequence[Finding] = (),
    ) -> Balance:
        """Weigh what stands. `confidence` is the recogniser's, `certainty` one value a letter where known.

        Doubt about the words only ever lightens the livelihood side. `danger` is the answer to that question,
        `letters` how much was said, `doubts` what stands for police in other readings of it.
        """
        police = [*best_apart([f for f in findings if f.rule.police]), *doubts]
        livelihood = best_apart([f for f in findings if not f.rule.police])
        heard = [f.weight * self._trust(_mean_certainty(f, certainty)) for f in livelihood]
        p = self._sum([f.weight for f in police])
        raw = self._sum(heard)
        l = min(raw * self._trust(confidence), self.livelihood_cap)  # noqa: E741 - the letter of policy.yaml
        odds = self.prior + self.livelihood_gain * l - self.police_gain * p
        if danger is Danger.DENIED:
            odds += self.denial_gain
        p_by_rules = p_police = _probability(odds)
        if opinion is not None:
            if self._mere_hints(police, p, opinion):
                odds, p = odds + self.police_gain * p, 0.0
            p_police = _probability(odds - self.opinion_gain * opinion.log_odds)
            if p:  # it may doubt, but not free a caller against police evidence
                p_police = max(p_police, p_by_rules)
        return Balance(tuple(police), tuple(livelihood), p, l, p_police, danger, opinion, p_by_rules, letters)

    def frees(self, balance: Balance) -> bool:
        """Tell whether the caller may leave the police line, as far as the words go."""
        return (
            balance.danger not in {Danger.CONFIRMED, Danger.UNANSWERED}
            and balance.police < self.strong_police
            and (self._clear(balance) or self._agreed(balance))
            and not self._vetoed(balance)
            and balance.p_police * self.cost.missed_police < (1 - balance.p_police) * self.cost.blocked_line
        )

    def _clear(self, balance: Balance) -> bool:
        """Tell whether the rules alone find a clear request."""
        denied = balance.danger is Danger.DENIED
        enough = self.clear_when_denied if denied else self.clear_livelihood
        return balance.livelihood >= enough and self._names_a_matter(balance.livelihood_findings)

    def _agreed(self, balance: Balance) -> bool:
        """Tell whether a weaker livelihood rule and the second opinion agree, and nothing speaks for police."""
        return (
            balance.opinion is not None
            and balance.letters >= self.opinion_letters
            and not balance.police
            and balance.livelihood >= self.opinion_support
            and any(not f.rule.field.general for f in balance.livelihood_findings)
        )

    def _mere_hints(self, police: Sequence[Finding], weight: float, opinion: Opinion) -> bool:
        """Tell whether a few lone characters (杀, 烧, 伤) are all there is, in words that are surely no police matter.

        A lone character has harmless meanings as well, and is what a misheard word is soonest written with.
        """
        return (
            weight < self.strong_police
            and opinion.p_police <= self.opinion_sure
            and all(len(finding.phrase) == 1 for finding in police)
        )

    def _vetoed(self, balance: Balance) -> bool:
        return balance.opinion is not None and balance.opinion.p_police >= self.opinion_veto

    def frees_by_rules(self, balance: Balance) -> bool:
        """Tell the same of the rules alone."""
        return self.frees(balance._replace(opinion=None, p_police=balance.p_by_rules))

    def turned(self, balance: Balance) -> bool:
        """Tell whether the route would be the other one without the second opinion."""
        return balance.opinion is not None and self.frees(balance) is not self.frees_by_rules(balance)

    def _names_a_matter(self, findings: Sequence[Finding]) -> bool:
        """Tell whether the words say what they are about: asking politely, or naming places, does not."""
        return any(f.weight >= self.support_only for f in findings) and any(
            not f.rule.field.general or f.weight >= self.general_topic for f in findings
        )

    def sum_of(self, findings: Sequence[Finding]) -> float:
        """Add the weights of findings that do not overlap."""
        return self._sum([f.weight for f in best_apart(list(findings))])

    def _sum(self, weights: Sequence[float]) -> float:
        total, share = 0.0, 1.0
        for weight in sorted(weights, reverse=True):
            total += weight * share
            share *= self.decay
        return total

    def _trust(self, confidence: float) -> float:
        if not confidence >= self.min_confidence:  # also catches nan
            return 0.0
        if confidence >= self.sure_confidence:
            return 1.0
        return 0.7 + 0.3 * (confidence - self.min_confidence) / (self.sure_confidence - self.min_confidence)


class Balance(NamedTuple):
    """Both sides of the scales."""

    police_findings: tuple[Finding, ...]
    livelihood_findings: tuple[Finding, ...]
    police: float
    """The weight of the police findings; 0 where these are mere hints and set aside."""
    livelihood: float
    p_police: float
    """Probability that this is a police matter, 0..1."""
    danger: Danger
    opinion: Opinion | None
    p_by_rules: float
    """The same probability without the second opinion."""
    letters: int
    """How much was said."""


def _probability(odds: float) -> float:
    """That it is a police matter, from the log-odds that it is not."""
    return 1 / (1 + math.exp(max(-60.0, min(60.0, odds))))


def _mean_certainty(finding: Finding, certainty: Sequence[float] | None) -> float:
    if certainty is None:
        return 1.0
    return sum(certainty[finding.start : finding.end]) / (finding.end - finding.start)
