"""`python -m ivr reload`: new rules for the running system, without a restart."""

from __future__ import annotations

import click

from ivr.commands import settings
from ivr.control import ask_to_reload


@click.command(
    help="让运行中的系统重新载入规则（词库、策略等），不用重启。有错则一概不变，说明文件、行号和键，退出码 1；"
    "正在听的来电仍按原来的规则判断，之后开始的按新规则。"
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Ask, wait, and tell the versions before and after."""
    done = ask_to_reload(settings(ctx).control_socket)
    if done.before == done.now:
        print(f"规则已重新载入，内容没有变化：版本 {done.now}")
    else:
        print(f"规则已重新载入：版本 {done.before} → {done.now}")
