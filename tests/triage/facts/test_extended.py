"""Evaluation on real addresses and lists that are not part of the project; skipped where they are not there."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.triage.facts.finding import finder
from triage.facts.fact import Kind, Level
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer, Place

_DATA = os.environ.get("MINSHENG110_DATA")
_EVERY = 4  # of 11,942 addresses
_LISTS = (("cities", Level.CITY, "provinceCode"), ("areas", Level.COUNTY, "cityCode"))


def _file(name: str) -> Path:
    file = Path(_DATA, "places", name) if _DATA else None
    if file is None or not file.is_file():
        pytest.skip(f"no {name}: set MINSHENG110_DATA to the folder of evaluation data")
    return file


def _addresses() -> Iterator[dict[str, Any]]:
    with _file("addresses_dev.jsonl").open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % _EVERY == 0:
                yield json.loads(line)


def _recall(facts: FactFinder) -> tuple[dict[str, float], dict[str, float]]:
    """Return, by label, which share of the labelled spans is a part of its own, and which lies in a place."""
    exact: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for address in _addresses():
        places = [fact for fact in facts.find(address["text"]) if fact.kind is Kind.PLACE]
        parts = {(part.start, part.end) for place in places for part in place.parts}
        spans = address["spans"]
        for i, span in enumerate(spans):
            label, start, end = span["label"], span["start"], span["end"]
            every[label] += 1
            exact[label] += (start, end) in parts
            covered[label] += any(place.start <= start and end <= place.end for place in places)
            if label == "road" and i + 1 < len(spans) and (number := spans[i + 1])["label"] == "roadno":
                every["road+number"] += 1
                both = {(start, end), (number["start"], number["end"])} <= parts
                exact["road+number"] += both
                covered["road+number"] += any(p.start <= start and number["end"] <= p.end for p in places)
    return {k: exact[k] / every[k] for k in every}, {k: covered[k] / every[k] for k in every}


def test_addresses_without_a_gazetteer() -> None:
    exact, covered = _recall(finder())
    assert exact["road+number"] >= 0.82
    assert exact["district"] >= 0.79
    assert exact["poi"] >= 0.58
    assert covered["road+number"] >= 0.90
    assert covered["district"] >= 0.95
    assert covered["poi"] >= 0.75


def test_a_gazetteer_of_cities_and_counties_finds_them_without_their_endings() -> None:
    places = [
        Place(row["name"], level, row[parent], row["code"])
        for name, level, parent in _LISTS
        for row in csv.DictReader(_file(f"{name}.csv").read_text(encoding="utf-8-sig").splitlines())
    ]
    exact, _ = _recall(FactFinder(Gazetteer(tuple(places))))
    assert exact["district"] >= 0.90
    assert exact["city"] >= 0.90
    assert exact["road+number"] >= 0.82


def test_a_countys_list_is_loaded_as_it_is() -> None:
    gazetteer = Gazetteer.load(_file("shaowu_350781.csv"))
    facts = FactFinder(gazetteer)
    towns = [place for place in gazetteer.places if place.level is Level.TOWN]
    assert towns
    for town in towns:
        assert [fact.value for fact in facts.find(f"在{town.name}有人打架") if fact.kind is Kind.PLACE] == [
            town.name
        ]


def test_ordinary_telephone_talk_has_few_people_hurt_or_armed() -> None:
    file = _file("addresses_dev.jsonl").parent.parent / "triage" / "offtopic_phone_dialogues.csv"
    if not file.is_file():
        pytest.skip(f"no {file.name}")
    counts: Counter[Kind] = Counter()
    letters = 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for row in list(csv.DictReader(lines))[::_EVERY]:
            letters += len(row["all_user_utterances"])
            counts.update(fact.kind for fact in finder().find(row["all_user_utterances"]))
    assert letters > 10_000
    assert counts[Kind.WEAPON] + counts[Kind.INJURY] < letters / 5000
