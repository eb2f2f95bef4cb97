"""`python -m ivr call`: a real SIP caller dials 110 on the running system and plays a file as its voice."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ivr.commands import settings
from ivr.config import Config
from ivr.placing import Placing, place, voice_of
from ivr.story import Story
from ivr.terminal import plain
from records.store import Store

_PIDF_LIMIT = 1 << 20
_KINDS = {
    "place": "地点",
    "time": "时间",
    "person": "人员",
    "weapon": "凶器",
    "injury": "伤情",
    "plate": "车牌",
    "phone": "电话",
}
_ROUTES = {"police": "警察", "minsheng": "民生110"}


@click.command(help="用真实的 SIP 呼叫拨打运行中的 110，把声音文件当作来电者说的话，显示通话经过。")
@click.argument("voice", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "number", default="13800138000", show_default=True, help="主叫号码。")
@click.option(
    "--pidf-lo",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="随 INVITE 送出的位置文件。",
)
@click.option("--dial", "dialled", default="110", show_default=True, help="被叫号码。")
@click.option("--limit", default=60.0, show_default=True, help="最多等待应答的秒数。")
@click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象。")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    voice: Path,
    number: str,
    pidf_lo: Path | None,
    dialled: str,
    limit: float,
    as_json: bool,
) -> None:
    """Place one call; exit status 0 when somebody answered it."""
    config = settings(ctx)
    location = pidf_lo.read_bytes() if pidf_lo else None
    if location is not None and len(location) > _PIDF_LIMIT:
        raise click.BadParameter(f"{pidf_lo} 超过 {_PIDF_LIMIT} 字节", param_hint="--pidf-lo")
    placing = Placing(voice_of(voice), number=number, pidf_lo=location, dialled=dialled, limit_s=limit)
    story = asyncio.run(_place(config, placing))
    if as_json:
        print(json.dumps(story.as_json(), ensure_ascii=False))
    else:
        Console().print(_told(story))
    sys.exit(0 if story.member else 1)


async def _place(config: Config, placing: Placing) -> Story:
    store = Store(config.database_url)
    try:
        return await place(config.sip_address, store, placing)
    finally:
        store.close()


def _fact(fact: Mapping[str, Any]) -> str:
    told = f"{_KINDS.get(fact['kind'], fact['kind'])} {fact['value']}"
    return f"{told}（地名识别 {fact['confidence']:.2f}）" if fact.get("by") == "place_recogniser" else told


def _told(story: Story) -> Table:
    shown = Table(box=None, show_header=False)
    shown.add_column(style="bold")
    shown.add_column(overflow="fold")
    rows = {
        "去向": _ROUTES.get(story.route or "", story.route or "—"),
        "类别": f"{story.label or '—'}（{story.category or '—'}），{story.priority or '—'} 级",
        "听到": story.heard or "（没有话）",
        "依据": "、".join(f"{e['phrase']}（{e['rule']}）" for e in story.evidence) or "—",
        "标记": " ".join(story.flags) or "—",
        "位置": str((story.location or {}).get("short", "—")),
        "要点": "、".join(_fact(fact) for fact in story.facts) or "—",
        "来电历史": str((story.history or {}).get("text", "—")),
        "队列": story.queue or "—",
        "应答": (story.member or "无人应答").removeprefix("PJSIP/"),
        "用时": "，".join(f"{step} {seconds:.2f} s" for step, seconds in story.steps_s.items()),
        "故障": "、".join(story.faults) or "无",
        "通话号": story.call_id or "（系统没有记录这通电话）",
    }
    for name, text in rows.items():
        shown.add_row(name, plain(text))
    return shown
