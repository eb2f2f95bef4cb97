from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tests.triage.shipped import engine
from triage.decision import Route
from triage.engine import Triage
from triage.report import explained, json_line


def _drawn(triage: Triage, text: str, *, colour: bool = False) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=colour, highlight=False)
    console.print(explained(triage.decide(text), triage.analyse(text), triage.field_ids(Route.POLICE)))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_json_has_exactly_the_contracts_keys(triage: Triage) -> None:
    entry = json.loads(json_line(triage.decide("我家停水了")))
    assert list(entry) == ["text", "route", "category", "priority", "confidence", "evidence"]
    assert entry["route"] == "minsheng"
    assert set(entry["evidence"][0]) == {"phrase", "start", "end", "rule", "category", "weight"}


@pytest.mark.parametrize("text", ["两\n行", "停水\u2028了", "\ud800", "\x1b[31m停水", "引号\"'\\"])
def test_json_is_one_clean_line_whatever_the_text(triage: Triage, text: str) -> None:
    line = json_line(triage.decide(text))
    assert len(line.splitlines()) == 1
    assert line.encode("utf-8")
    assert json.loads(line)["text"] == text


def test_a_decision_is_drawn_with_its_reasons(triage: Triage) -> None:
    drawn = _drawn(triage, "不是抢劫，是我家停水了")
    for part in ("转民生110", "供水", "承办", "停水了", "minsheng/water#", "已抵消", "有否定说法"):
        assert part in drawn


def test_a_police_decision_shows_services_and_flags(triage: Triage) -> None:
    drawn = _drawn(triage, "停水了还有人着火了")
    assert "转警察" in drawn
    assert "联动 119" in drawn
    assert "警情与民生并存" in drawn


def test_a_handover_and_an_empty_reason_are_explained(triage: Triage) -> None:
    assert "common/handover" in _drawn(triage, "转警察")
    assert "没有听到可作依据的话" in _drawn(triage, "嗯")


def test_colour_marks_the_evidence(triage: Triage) -> None:
    assert "\x1b[" in _drawn(triage, "我家停水了", colour=True)
    assert "\x1b[" not in _drawn(triage, "我家停水了")


def test_markup_in_a_text_is_no_markup(triage: Triage) -> None:
    assert "[bold]停水了[/bold]" in _drawn(triage, "[bold]停水了[/bold]")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_any_text_can_be_drawn(text: str) -> None:
    assert _drawn(engine(), text)


def test_what_another_reading_says_is_shown_with_that_reading(triage: Triage) -> None:
    decision = triage.decide("我家停水了", alternatives=[("我家抢劫了", 0.3)])
    console = Console(file=io.StringIO(), width=100, force_terminal=False, highlight=False)
    console.print(explained(decision, triage.analyse(decision.text), triage.field_ids(Route.POLICE)))
    assert isinstance(console.file, io.StringIO)
    drawn = console.file.getvalue()
    for part in ("“我家停水了”", "或听作“我家抢劫了”", "police/robbery#", "0.30", "另一听法有警情"):
        assert part in drawn
    water, doubt = json.loads(json_line(decision))["evidence"]
    assert "alternative" not in water
    assert doubt["alternative"] == "我家抢劫了"
