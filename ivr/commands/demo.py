"""`python -m ivr demo`: one spoken call of each kind, and where each went."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from ivr.commands import settings
from ivr.commands.stopping import run_until_signal
from ivr.config import Config
from ivr.demo.result import DemoResult
from ivr.demo.run import demonstrate
from ivr.demo.table import table
from ivr.serve import Serving


@click.command(help="启动全部，向 110 各拨一通语音演示电话，显示每通去了哪里。全部到达时退出码为 0。")
@click.option("--stay", is_flag=True, help="演示之后保持运行，直到 Ctrl-C。")
@click.pass_context
def command(ctx: click.Context, *, stay: bool) -> None:
    """Run the demonstration; exit status 130 when it was stopped before its end."""
    config, results = settings(ctx), list[DemoResult]()
    run_until_signal(_demo(config, ctx.obj, results, stay=stay))
    if not results:
        sys.exit(130)
    sys.exit(0 if all(result.arrived for result in results) else 1)


async def _demo(config: Config, config_path: Path | None, seen: list[DemoResult], *, stay: bool) -> None:
    console = Console()

    def shown(results: list[DemoResult], running: Serving) -> None:
        seen.extend(results)
        console.print(table(results))
        arrived = sum(result.arrived for result in results)
        console.print(f"{arrived}/{len(results)} 通到达该到的地方。")
        if stay:
            host, port = running.sip_address
            console.print(f"保持运行：用 SIP 电话拨打 [bold]sip:110@{host}:{port}[/]，Ctrl-C 结束。")
            console.print(f"日志：{config.log_dir / 'node.log'}；事件流：python -m records feed")

    await demonstrate(
        config,
        config_path,
        progress=lambda line: console.print(line, style="dim", highlight=False),
        shown=shown,
        stay=stay,
    )
