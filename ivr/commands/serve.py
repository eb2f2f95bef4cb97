"""`python -m ivr serve`: Asterisk and the servers."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click

from ivr.asterisk.render import render_for_elsewhere
from ivr.commands import settings
from ivr.commands.stopping import run_until_signal
from ivr.config import Config
from ivr.prompts import folder_for_asterisk
from ivr.serve import serving


@click.command(help="启动 Asterisk 和各服务，直到 Ctrl-C 或 SIGTERM；不在终端上运行时，SIGHUP 重新载入规则。")
@click.option("--no-asterisk", is_flag=True, help="Asterisk 在别处运行：只启动 FastAGI 和 AudioSocket 服务。")
@click.option(
    "--render",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="与 --no-asterisk 同用：把 Asterisk 的配置文件和安装说明写到这个文件夹。",
)
@click.option("--leave-asterisk", is_flag=True, help="退出时不停止 Asterisk，通话不中断；下次启动会接管它。")
@click.pass_context
def command(ctx: click.Context, *, no_asterisk: bool, folder: Path | None, leave_asterisk: bool) -> None:
    """Serve until told to stop."""
    config = settings(ctx)
    if folder is not None:
        if not no_asterisk:
            raise click.UsageError("--render 只与 --no-asterisk 同用")
        rendered = render_for_elsewhere(
            config.asterisk, folder, prompts=folder_for_asterisk(config.prompts.folder)
        )
        print(f"已写入 {rendered.layout.root}；先读其中的 INSTALL.md。", flush=True)
    run_until_signal(_serve(config, ctx.obj, with_asterisk=not no_asterisk, leave_asterisk=leave_asterisk))


async def _serve(
    config: Config, config_path: Path | None, *, with_asterisk: bool, leave_asterisk: bool
) -> None:
    reload_asked = asyncio.Event()
    if not (sys.stdout.isatty() or sys.stderr.isatty()):
        # From the first moment: until somebody takes it, SIGHUP ends a process. It shall where it means that the
        # terminal is gone, for then nothing can be written any more.
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload_asked.set)
    async with serving(
        config,
        config_path=config_path,
        with_asterisk=with_asterisk,
        leave_asterisk=leave_asterisk,
        without_node=True,
        progress=lambda line: print(line, flush=True),
    ) as running:
        host, port = running.sip_address
        if with_asterisk:
            print(f"民生110 已就绪：用 SIP 电话拨打 sip:110@{host}:{port}", flush=True)
        else:
            asterisk = config.asterisk
            print(
                f"民生110 已就绪：FastAGI {asterisk.server_address}:{asterisk.fastagi_port}，"
                f"AudioSocket {asterisk.server_address}:{asterisk.audiosocket_port}",
                flush=True,
            )
        while True:  # until the signal to stop
            await reload_asked.wait()
            reload_asked.clear()
            await running.node.reload()
