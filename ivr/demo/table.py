"""The demonstration's table: what was heard, why it was decided so, where it went, how long each step took."""

from __future__ import annotations

from rich.table import Table

from ivr.demo.result import DemoResult
from ivr.story import Story
from ivr.terminal import plain

_ROUTES = {"police": "警察", "minsheng": "民生110", None: "—"}


def table(results: list[DemoResult]) -> Table:
    """One row a call."""
    shown = Table(title="民生110 演示：五通真实的 SIP 语音来电", title_justify="left", show_lines=True)
    for heading in ("来电", "听到", "判断与依据", "去向", "位置（坐席可见）", "用时（秒）", "结果"):
        shown.add_column(heading, overflow="fold")
    for result in results:
        story = result.story
        shown.add_row(
            result.call.title,
            plain(story.heard or "（没有话）"),
            plain(_reasons(story)),
            f"{_ROUTES.get(story.route, story.route)}\n{(story.member or '无人应答').removeprefix('PJSIP/')}",
            plain((story.location or {}).get("short", "—")),
            _times(story),
            "[green]到达[/]" if result.arrived else plain("\n".join(result.faults)),
        )
    return shown


def _reasons(story: Story) -> str:
    head = f"{story.label or '—'}（{story.priority or '—'} 级）" if story.route else "没有判断"
    phrases = "、".join(dict.fromkeys(str(e["phrase"]) for e in story.evidence))
    flags = " ".join(story.flags)
    return "\n".join(line for line in (head, phrases, flags) if line)


def _times(story: Story) -> str:
    names = {"decided": "判断", "queued": "排队", "answered": "应答"}
    return "\n".join(f"{names[k]} {story.steps_s[k]:.1f}" for k in names if k in story.steps_s)
