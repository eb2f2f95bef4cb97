"""Comparing what was decided with what other rules decide on the same words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from triage.decision import Decision, Route
from triage.engine import OPINION, Triage
from triage.replay.past_calls import PastCall

_URGENT = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What counts of a decision: where the caller goes, as what, and how urgent."""

    route: Route
    category: str
    priority: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """A decision that would be another one."""

    call: PastCall
    before: Verdict
    after: Verdict
    rule_before: str | None
    """The rule that weighed most; None where none did, or where the rules of then are not at hand."""
    rule_after: str | None
    by_rules: bool
    """The words were decided by the current rules, too: nothing but the rules makes the difference."""

    @property
    def leaves_police(self) -> bool:
        """The caller would leave the police line."""
        return self.before.route is Route.POLICE and self.after.route is Route.MINSHENG

    @property
    def urgent(self) -> bool:
        """The caller would leave it with a matter of the highest priority."""
        return self.leaves_police and self.before.priority == _URGENT


@dataclass(slots=True)
class Replay:
    """What came out."""

    changes: list[Change] = field(default_factory=list)
    """Those that leave the police line first, the urgent ones before all; then those that join it; else as read."""
    calls: int = 0
    other_rules: int = 0
    """Calls that were decided by rules which are not the current ones."""
    other_causes: int = 0
    """Calls that were not decided by their words alone: a key, a fault, doubtful words."""


def replay(calls: Iterable[PastCall], current: Triage, new: Triage) -> Replay:
    """Decide past calls anew.

    Where the current rules are the ones of then, their decision on the words is compared with the new one's, so
    that a key that was pressed, or a fault, does not look like an effect of the rules.
    """
    done = Replay()
    for call in calls:
        done.calls += 1
        then = Verdict(call.route, call.category, call.priority)
        by_rules = call.lexicon_version == current.version
        voice = call.category == "unclear"  # without a word: a voice was heard
        old = (
            current.decide(call.text, call.confidence, alternatives=call.alternatives, voice=voice)
            if by_rules
            else None
        )
        before = _verdict(old) if old else then
        decision = new.decide(call.text, call.confidence, alternatives=call.alternatives, voice=voice)
        done.other_rules += not by_rules
        done.other_causes += before != then
        if before != _verdict(decision):
            rule_before = leading_rule(old) if old else None
            done.changes.append(
                Change(call, before, _verdict(decision), rule_before, leading_rule(decision), by_rules)
            )
    done.changes.sort(key=_order)
    return done


def leading_rule(decision: Decision) -> str | None:
    """Return the rule that names the decision: of its category the weightiest, of equals the first."""
    if decision.category == "handover":
        return "common/handover"
    turned = [found for found in decision.evidence if found.rule == OPINION]
    named = turned or [found for found in decision.evidence if found.category == decision.category]
    return max(named, key=lambda found: found.weight).rule if named else None


def _verdict(decision: Decision) -> Verdict:
    return Verdict(decision.route, decision.category, decision.priority)


def _order(change: Change) -> tuple[bool, bool, bool]:
    return not change.urgent, not change.leaves_police, change.before.route is change.after.route
