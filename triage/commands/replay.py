"""`python -m triage replay`: past calls through changed rules, before they go live.

Exit codes: 0 done; 1 to 3 as in `decide`; 5 a call that was police and urgent would leave the police line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console

from triage.commands.options import EXIT_INPUT, Rules, fail, rules_options
from triage.errors import InputFileError
from triage.lexicon import DEFAULT_FOLDER
from triage.policy import DEFAULT_FILE
from triage.replay.changes import replay as replay_calls
from triage.replay.past_calls import read_calls
from triage.replay.report import drawn, json_lines, summary

EXIT_URGENT = 5
"""A call that was police and of priority 1 would leave the police line."""
_STDIN = Path("-")
_RECORDS = Path("python -m records calls")
_HELP = """用改过的词库或策略重判以往的来电，列出会变的判断：会离开警察线的排在最前。

来电从通话记录里取（--since），或从 --from 的文件、标准输入里读，每行一个 JSON 对象：
call_id、at、text、confidence、route、category、priority、lexicon_version。
当时的规则就是现行规则时，原话用新旧两套各判一次，差别只来自规则。
"""


@click.command(help=_HELP, short_help="用改过的规则重判以往来电")
@click.option("--since", help="从通话记录里取，从何时起：2026-11-01，或 7d（七天前）")
@click.option("--until", help="取到何时止（不含），写法同上")
@click.option("--url", help="数据库地址，默认同 python -m records")
@click.option("--from", "source", type=click.Path(path_type=Path), help="从文件读，- 为标准输入")
@click.option(
    "--current",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    help="现行词库的文件夹，默认内置",
)
@click.option(
    "--current-policy", type=click.Path(path_type=Path), default=DEFAULT_FILE, help="现行策略，默认内置"
)
@click.option("--current-town", type=click.Path(path_type=Path), help="现行的本地规则文件，默认没有")
@click.option("--json", "as_json", is_flag=True, help="每个变化一个 JSON 对象，最后一个是汇总")
@rules_options
def replay(
    *,
    since: str | None,
    until: str | None,
    url: str | None,
    source: Path | None,
    current: Path,
    current_policy: Path,
    current_town: Path | None,
    as_json: bool,
    rules: Rules,
) -> None:
    """Decide past calls by other rules, and list what would change."""
    if source and (since or until or url):
        raise click.UsageError("--since、--until、--url 用于通话记录，不能与 --from 同用")
    if (until or url) and not since:
        raise click.UsageError("--until、--url 要和 --since 一起用")
    if not source and not since and sys.stdin.isatty():
        raise click.UsageError("请用 --since 7d 从通话记录里取，或用 --from 给出文件")
    live = Rules(current, current_policy, current_town)
    old = live.load()
    new = old if rules == live else rules.load()
    lines = _recorded(since, until, url) if since else _given(source or _STDIN)
    try:
        done = replay_calls(read_calls(lines, _RECORDS if since else source or _STDIN), old, new)
    except InputFileError as wrong:
        fail(EXIT_INPUT, str(wrong))
    if as_json:
        for line in json_lines(done):
            click.echo(line)
    else:
        console = Console(highlight=False)
        for change in done.changes:
            console.print(drawn(change))
        console.print(summary(done))
    if any(change.urgent for change in done.changes):
        raise SystemExit(EXIT_URGENT)


def _given(source: Path) -> Iterator[str]:
    try:
        if source == _STDIN:
            yield from sys.stdin
            return
        with source.open(encoding="utf-8-sig") as lines:
            yield from lines
    except (OSError, UnicodeDecodeError) as wrong:
        raise InputFileError(source, 0, f"读不了（须为 UTF-8 文本）：{wrong}") from wrong


def _recorded(since: str, until: str | None, url: str | None) -> Iterator[str]:
    """Read the records through their own command: this room does not know theirs."""
    command = [sys.executable, "-m", "records", "calls", "--json", "--since", since]
    if until:
        command += ["--until", until]
    told = {"PYTHONIOENCODING": "utf-8", **({"RECORDS_URL": url} if url else {})}  # a URL may hold a password
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=os.environ | told
    ) as child:
        if child.stdout:
            yield from child.stdout
    if child.returncode:
        raise InputFileError(_RECORDS, 0, f"读不到通话记录（退出码 {child.returncode}），见上")
