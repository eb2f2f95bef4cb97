"""The demonstration's table shows each call's words, reasons, goal, place, times and faults."""

from __future__ import annotations

import io

from rich.console import Console

from ivr.demo.calls import CALLS
from ivr.demo.result import Answered, DemoResult
from ivr.demo.table import table
from ivr.story import Story

PIPE = next(call for call in CALLS if call.key == "burst_pipe")
ROBBERY = next(call for call in CALLS if call.key == "robbery")
ANSWERED = Answered("供水", "x", b"<presence/>", member_heard_caller=True, caller_heard_member=True)


def shown(*results: DemoResult) -> str:
    out = io.StringIO()
    Console(file=out, width=220).print(table(list(results)))
    return out.getvalue()


def full_story() -> Story:
    return Story(
        "c-1",
        route="minsheng",
        category="water",
        label="供水",
        priority=3,
        heard="我家水管爆裂了",
        evidence=[{"phrase": "水管爆裂"}, {"phrase": "派人来修"}, {"phrase": "水管爆裂"}],
        flags=["clear"],
        location={"short": "邵武市五一路88号"},
        queue="minsheng",
        member="PJSIP/m201",
        steps_s={"decided": 6.04, "queued": 6.1, "answered": 6.56},
    )


def test_a_call_that_arrived() -> None:
    text = shown(DemoResult(PIPE, full_story(), ANSWERED))
    for part in (
        *("水管爆裂", "我家水管爆裂了", "供水（3 级）", "水管爆裂、派人来修", "clear", "民生110", "m201"),
        *("邵武市五一路88号", "判断 6.0", "排队 6.1", "应答 6.6", "到达"),
    ):
        assert part in text
    assert "PJSIP" not in text


def test_a_call_of_which_nothing_is_known() -> None:
    text = shown(DemoResult(ROBBERY, Story(""), None))
    for part in ("抢劫", "（没有话）", "没有判断", "无人应答", "应判 police，实为 None"):
        assert part in text
    assert "到达" not in text


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    story = full_story()
    story.heard, story.location = "[/]断[bold]\x1b[2J", {"short": "[/red]"}
    story.faults = ["[/green]"]
    text = shown(DemoResult(PIPE, story, ANSWERED))
    assert "[/]断[bold]�[2J" in text
    assert "[/red]" in text
    assert "故障：[/green]" in text
    assert "\x1b" not in text
