"""`python -m ivr doctor`: what is missing, and how to mend it."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console
from rich.table import Table

from ivr.config import load_config
from ivr.doctor import Finding, examine
from ivr.errors import ConfigInvalid
from ivr.logs import log_to_stderr
from ivr.terminal import plain

_MARKS = {"ok": "[green]正常[/]", "warning": "[yellow]注意[/]", "fault": "[red]故障[/]"}


@click.command(help="检查所需的一切：缺什么，怎么补。没有故障时退出码为 0。")
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象。")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Examine and print."""
    log_to_stderr("error")
    try:
        findings = examine(load_config(ctx.obj))
    except ConfigInvalid as invalid:
        findings = [Finding("config", "配置", "fault", str(invalid), "改正 config.yaml 中所列的键")]
    if as_json:
        for finding in findings:
            print(json.dumps(finding.as_json(), ensure_ascii=False))
    else:
        _print(findings)
    sys.exit(any(finding.state == "fault" for finding in findings))


def _print(findings: list[Finding]) -> None:
    shown = Table(box=None)
    for heading in ("项目", "状态", "情况", "怎么办"):
        shown.add_column(heading, overflow="fold")
    for finding in findings:
        shown.add_row(finding.title, _MARKS[finding.state], plain(finding.what), plain(finding.mend))
    Console().print(shown)
