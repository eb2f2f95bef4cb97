from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from triage.engine import Triage
from triage.evaluation.labels import Labels
from triage.evaluation.report import drawn, json_lines, said
from triage.evaluation.scores import Scores, score
from triage.evaluation.shares import Share


@pytest.fixture(scope="module")
def small(small_folder: Path) -> Triage:
    return Triage.load(small_folder, opinion_file=None)


def _drawn(scores: Scores, triage: Triage) -> str:
    console = Console(file=io.StringIO(), width=120, highlight=False)
    for part in drawn(scores, triage, 40):
        console.print(part)
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_what_was_said_is_shown_where_something_else_was_heard(small: Triage) -> None:
    scores = score(small, [("抢劫", "police"), ("停水", "police")], Labels(small), lambda _: "停水")
    shown = _drawn(scores, small)
    assert "原话“抢劫”" in shown
    assert "原话“停水”" not in shown


def test_texts_and_labels_cannot_steer_the_terminal(small: Triage) -> None:
    scores = score(small, [("停水\x1b[2J", "police"), ("a", "\x1b[31m"), ("b", "x\ny")], Labels(small))
    shown = _drawn(scores, small)
    assert "未计入 2 句" in shown
    assert "\x1b" not in shown


def test_an_empty_set_is_shown(small: Triage) -> None:
    assert "无" in _drawn(Scores(), small)
    (line,) = json_lines(Scores(), None)
    assert json.loads(line)["police"] == {"right": 0, "total": 0, "share": None, "low": 0.0, "high": 1.0}


def test_a_share_is_written_with_its_interval() -> None:
    assert said(Share(5, 10)) == "5/10，50.0%（95% 区间 23.7%～76.3%）"
    assert said(Share(0, 0)) == "无"
