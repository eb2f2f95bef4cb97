"""Deciding a labelled set, and counting what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from triage.decision import Decision, Route
from triage.engine import Triage
from triage.evaluation.labelled_file import Labelled
from triage.evaluation.labels import Expected, Labels
from triage.evaluation.shares import Share


@dataclass(frozen=True, slots=True)
class Miss:
    """A sentence that went the other way."""

    said: str
    """As it stands in the set; the decision's text is what was heard of it."""
    label: str
    expected: Expected
    decision: Decision


@dataclass(slots=True)
class Scores:
    """What came out."""

    routes: Counter[tuple[Route, Route]] = field(default_factory=Counter)
    """(expected, decided) → sentences."""
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(expected field, decided category) → sentences, where the label is a field's id."""
    freed: list[Miss] = field(default_factory=list)
    """Dangerous ones that left the police line."""
    kept: list[Miss] = field(default_factory=list)
    """Livelihood ones that stayed on it."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Labels that mean nothing here → sentences."""

    def right(self, route: Route) -> Share:
        """Return the share of this route's sentences that went there."""
        return Share(self.routes[route, route], sum(self.routes[route, decided] for decided in Route))

    @property
    def named(self) -> Share:
        """The share of rightly named sentences, of those whose label is a field's id."""
        return Share(sum(n for (meant, name), n in self.names.items() if meant == name), self.names.total())


def score(
    triage: Triage, sentences: Iterable[Labelled], labels: Labels, hear: Callable[[str], str] = str
) -> Scores:
    """Decide each sentence as it is heard; `hear` may be a recogniser that errs."""
    scores = Scores()
    for said, label in sentences:
        expected = labels.read(label)
        if expected is None:
            scores.left_out[label] += 1
            continue
        decision = triage.decide(hear(said))
        scores.routes[expected.route, decision.route] += 1
        if expected.field:
            scores.names[expected.field, decision.category] += 1
        if decision.route is not expected.route:
            misses = scores.freed if expected.route is Route.POLICE else scores.kept
            misses.append(Miss(said, label, expected, decision))
    return scores
