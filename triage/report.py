"""Decisions for people (colour, reasons) and for programs (one JSON object a line)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from triage.decision import Decision, Evidence, Route
from triage.findings import Analysis

_ROUTE = {Route.POLICE: ("转警察", "bold white on red"), Route.MINSHENG: ("转民生110", "bold white on green")}
_FLAG = {
    "unclear": "情况不明",
    "silent": "无声",
    "unintelligible": "有声难辨",
    "handover": "要求人工",
    "mixed": "警情与民生并存",
    "covert?": "疑似隐蔽求助",
    "low_confidence": "识别把握低",
    "negated": "有否定说法",
    "sounds_like": "按读音匹配",
    "abusive": "辱骂",
    "alternative": "另一听法有警情",
}


def json_line(decision: Decision) -> str:
    """Write a decision with exactly the keys that other tools are built on."""
    return one_line(decision_entry(decision))


def decision_entry(decision: Decision) -> dict[str, Any]:
    """Return the keys that other tools are built on, with JSON's own types."""
    return {
        "text": decision.text,
        "route": decision.route.value,
        "category": decision.category,
        "priority": decision.priority,
        "confidence": decision.confidence,
        "evidence": [_evidence(found) for found in decision.evidence],
    }


def _evidence(found: Evidence) -> dict[str, Any]:
    """With `alternative` only where it stands in another reading of the words."""
    entry = asdict(found)
    if not found.alternative:
        del entry["alternative"]
    return entry


def one_line(entry: Mapping[str, Any]) -> str:
    """Write an object as one line of JSON, whatever its texts hold."""
    line = json.dumps(entry, ensure_ascii=False)
    return line if line.isprintable() else json.dumps(entry)  # lone surrogates, odd line ends: escaped


def plain(text: str) -> str:
    """Replace, one for one, what is no printable character: it would steer the terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


def explained(decision: Decision, analysis: Analysis, police: Sequence[str]) -> Group:
    """Draw a decision with its reasons; `police` are the ids of the police fields."""
    name, style = _ROUTE[decision.route]
    head = Text.assemble((f" {name} ", style), " ", (decision.label, "bold"), f"（{decision.category}）")
    head.append(f"  等级 {decision.priority}  把握 {decision.confidence:.1%}")
    if decision.joint_service:
        head.append(f"  联动 {decision.joint_service}", "bold magenta")
    if decision.department:
        head.append(f"  承办 {decision.department}", "cyan")
    for flag in decision.flags:
        head.append(f"  ⚑{_FLAG.get(flag, flag)}", "yellow")
    words = plain(decision.text)
    said = Text("  “" + words + "”", overflow="fold")
    reasons = Table.grid(padding=(0, 2))
    for found in decision.evidence:
        colour = "red" if found.category in police else "green"
        if found.alternative:
            heard = f"或听作“{plain(found.alternative)}”"
        else:
            said.stylize(f"bold {colour}", found.start + 3, found.end + 3)
            heard = f"“{words[found.start : found.end]}”"
        reasons.add_row("   ", Text(found.phrase, colour), Text(heard), found.rule, f"{found.weight:.2f}")
    for gone in analysis.cancelled:
        start, end = analysis.spoken.span(gone.start, gone.end)
        heard = words[start:end]
        reasons.add_row(
            "   ", Text(gone.phrase, "dim strike"), Text(f"“{heard}”", "dim"), gone.rule.id, "已抵消"
        )
    for first, last in analysis.handover:
        start, end = analysis.spoken.span(first, last)
        reasons.add_row(
            "   ", Text("要求人工", "yellow"), Text(f"“{words[start:end]}”"), "common/handover", ""
        )
    if not reasons.row_count:
        reasons.add_row("   ", Text("没有听到可作依据的话：按规则转警察", "dim"))
    return Group(head, said, reasons)
