"""What the labels of a set mean: a route, and where the label is a field's id, that field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from triage.decision import Route
from triage.engine import Triage


@dataclass(frozen=True, slots=True)
class Expected:
    """What should be decided on a sentence."""

    route: Route
    field: str | None = None
    """The field that should name it; None where the label names only a route."""


class Labels:
    """Reads labels: the ones that were said to mean a route, `police` and `minsheng`, and the fields' ids."""

    def __init__(self, triage: Triage, police: Iterable[str] = (), minsheng: Iterable[str] = ()) -> None:
        """`police` and `minsheng` are labels that mean this route; a label in both is a ValueError."""
        said = {Route.POLICE: frozenset(police), Route.MINSHENG: frozenset(minsheng)}
        if both := said[Route.POLICE] & said[Route.MINSHENG]:
            raise ValueError("、".join(sorted(both)))
        self._known = {field: Expected(route, field) for route in Route for field in triage.field_ids(route)}
        self._known |= {route.value: Expected(route) for route in Route}
        self._known |= {label: Expected(route) for route, labels in said.items() for label in labels}

    def read(self, label: str) -> Expected | None:
        """Return what a label means; None when it means nothing here."""
        return self._known.get(label.strip())
