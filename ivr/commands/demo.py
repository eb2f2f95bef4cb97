"""`python -m ivr demo`: one spoken call of each kind, and where each went."""

from __future__ import annotations

import asyncio
import signal
import sys

import click
from rich.console import Console

from ivr.commands import settings
from ivr.config import Config
from ivr.demo.result import DemoResult
from ivr.demo.run import demonstrate
from ivr.demo.table import table
from ivr.serve import Serving


@click.command(help="启动全部，向 110 各拨一通语音演示电话，显示每通去了哪里。全部到达时退出码为 0。")
@click.option("--stay", is_flag=True, help="演示之后保持运行，直到 Ctrl-C。")
@click.pass_context
def command(ctx: click.Context, *, stay: bool) -> None:
    """Run the demonstration."""
    config = settings(ctx)
    sys.exit(0 if asyncio.run(_demo(config, ctx, stay=stay)) else 1)


async def _demo(config: Config, ctx: click.Context, *, stay: bool) -> bool:
    console = Console()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def shown(results: list[DemoResult], running: Serving) -> None:
        console.print(table(results))
        arrived = sum(result.arrived for result in results)
        console.print(f"{arrived}/{len(results)} 通到达该到的地方。")
        if stay:
            host, port = running.sip_address
            console.print(f"保持运行：用 SIP 电话拨打 [bold]sip:110@{host}:{port}[/]，Ctrl-C 结束。")
            console.print(f"日志：{config.log_dir / 'node.log'}；事件流：python -m records feed")

    return await demonstrate(
        config,
        ctx.obj,
        progress=lambda line: console.print(line, style="dim", highlight=False),
        shown=shown,
        stay=stop if stay else None,
    )
