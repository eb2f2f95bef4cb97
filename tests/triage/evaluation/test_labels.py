from __future__ import annotations

import pytest

from triage.decision import Route
from triage.engine import Triage
from triage.evaluation.labels import Expected, Labels


def test_routes_and_fields_are_known(triage: Triage) -> None:
    labels = Labels(triage)
    assert labels.read("police") == Expected(Route.POLICE)
    assert labels.read("minsheng") == Expected(Route.MINSHENG)
    assert labels.read("robbery") == Expected(Route.POLICE, "robbery")
    assert labels.read(" water ") == Expected(Route.MINSHENG, "water")
    assert labels.read("any") is None


def test_said_labels_outrank_fields_and_name_none(triage: Triage) -> None:
    labels = Labels(triage, police=["any", "fire"], minsheng=["livelihood"])
    assert labels.read("any") == labels.read("fire") == Expected(Route.POLICE)
    assert labels.read("livelihood") == Expected(Route.MINSHENG)


def test_a_label_cannot_mean_both(triage: Triage) -> None:
    with pytest.raises(ValueError, match="any"):
        Labels(triage, police=["any", "x"], minsheng=["any"])
