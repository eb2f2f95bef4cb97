"""The outcome of a replay for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Group
from rich.text import Text

from triage.decision import Route
from triage.replay.changes import Change, Replay, Verdict
from triage.report import one_line, plain

_ROUTE = {Route.POLICE: "警察", Route.MINSHENG: "民生110"}


def drawn(change: Change) -> Group:
    """Draw one change; one that leaves the police line in red."""
    style = (
        "bold red" if change.leaves_police else "bold" if change.before.route != change.after.route else ""
    )
    head = Text(f"{change.call.at.astimezone():%Y-%m-%d %H:%M:%S}  {plain(change.call.call_id)}", style)
    if change.urgent:
        head.append("  一级警情将被放走", "bold white on red")
    if not change.by_rules:
        head.append("  当时是另一版规则", "yellow")
    verdicts = Text(f"  {_said(change.before)} → {_said(change.after)}", style)
    rules = Text(f"  {plain(change.rule_before or '—')} → {change.rule_after or '—'}", "dim")
    return Group(head, Text(f"  “{plain(change.call.text)}”", overflow="fold"), verdicts, rules)


def summary(done: Replay) -> Text:
    """Draw the last line."""
    leaving = sum(change.leaves_police for change in done.changes)
    urgent = sum(change.urgent for change in done.changes)
    joining = sum(c.before.route is Route.MINSHENG and c.after.route is Route.POLICE for c in done.changes)
    line = Text(f"重判 {done.calls} 条：{len(done.changes)} 条会变；")
    line.append(f"离开警察线 {leaving} 条（一级 {urgent} 条）", "bold red" if leaving else "")
    line.append(f"，转回警察线 {joining} 条")
    if done.other_rules:
        line.append(f"；{done.other_rules} 条当时用的是另一版规则，差别不一定来自这次修改", "yellow")
    if done.other_causes:
        line.append(f"；{done.other_causes} 条当时另有原因（按键、故障、没听清等），按原话比较", "dim")
    return line


def json_lines(done: Replay) -> Iterator[str]:
    """Yield one object for each change, and the summary last."""
    for change in done.changes:
        entry = {
            "kind": "change",
            "call_id": change.call.call_id,
            "at": change.call.at.isoformat(),
            "text": change.call.text,
            "before": _entry(change.before, change.rule_before),
            "after": _entry(change.after, change.rule_after),
            "by_rules": change.by_rules,
            "leaves_police": change.leaves_police,
            "urgent": change.urgent,
        }
        yield one_line(entry)
    yield one_line(
        {
            "kind": "summary",
            "calls": done.calls,
            "changes": len(done.changes),
            "leaves_police": sum(change.leaves_police for change in done.changes),
            "urgent": sum(change.urgent for change in done.changes),
            "other_rules": done.other_rules,
            "other_causes": done.other_causes,
        }
    )


def _entry(verdict: Verdict, rule: str | None) -> dict[str, Any]:
    return asdict(verdict) | {"rule": rule}


def _said(verdict: Verdict) -> str:
    return f"{_ROUTE[verdict.route]} / {plain(verdict.category) or '—'} / {verdict.priority or '—'}级"
