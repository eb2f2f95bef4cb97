"""Evaluation on real material that is not part of the project; skipped where it is not there."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from triage.decision import Route
from triage.engine import Triage

_DATA = os.environ.get("MINSHENG110_DATA")
_URGENT = {"emergency", "police", "fire", "medical", "covert"}


def _rows(name: str) -> list[dict[str, str]]:
    file = Path(_DATA, "triage", name) if _DATA else None
    if file is None or not file.is_file():
        pytest.skip(f"no {name}: set MINSHENG110_DATA to the folder of evaluation data")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_no_urgent_call_from_the_news_leaves_the_police_line(triage: Triage) -> None:
    rows = [row for row in _rows("calls_from_news_dev.csv") if row["label"] in _URGENT]
    freed = [row["id"] for row in rows if triage.decide(row["text"]).route is not Route.POLICE]
    assert rows
    assert len(freed) / len(rows) <= 0.02, freed


def test_most_livelihood_calls_from_the_news_do(triage: Triage) -> None:
    rows = [row for row in _rows("calls_from_news_dev.csv") if row["label"] == "livelihood"]
    freed = sum(triage.decide(row["text"]).route is Route.MINSHENG for row in rows)
    assert freed / len(rows) >= 0.85


@pytest.mark.parametrize("name", ["hotline_labelled_dev.csv", "hotline_unlabelled_dev.csv"])
def test_hotline_titles_are_mostly_freed(triage: Triage, name: str) -> None:
    rows = _rows(name)
    freed = sum(triage.decide(row["title"]).route is Route.MINSHENG for row in rows)
    assert freed / len(rows) >= 0.6


def test_accidents_and_attacks_in_the_news_stay_with_police(triage: Triage) -> None:
    rows = _rows("cec_emergency_docs.csv")
    freed = [row["id"] for row in rows if triage.decide(row["lead"]).route is not Route.POLICE]
    assert len(freed) / len(rows) <= 0.02, freed
