"""`python -m triage [TEXT…]`: the decision for each text, with its reasons, or as JSON lines.

Exit codes: 0 all texts decided; 1 the lexicon or the policy cannot be used; 2 the command line is wrong;
3 a file of texts cannot be read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console

from triage.commands.options import EXIT_INPUT, Rules, fail, rules_options
from triage.decision import Route
from triage.engine import Triage
from triage.errors import InputFileError
from triage.report import explained, json_line
from triage.text_file import lines_of, read_texts

_HELP = """判断每句话该转警察还是转民生110，并说明理由。

不给话也不给文件时，从标准输入读，每行一句。拿不准的一律转警察。话与命令同名时，写在 -- 之后。

(Decides for each text whether police or 民生110 should hear the caller, and why.)
"""


@click.command(help=_HELP, short_help="判断每句话（不写命令时就是它）")
@click.argument("texts", nargs=-1, metavar="[话…]")
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="从文件读：.csv、.jsonl，或每行一句的文本"
)
@click.option("--column", help="CSV 的列名或 JSON 的键，默认 text")
@click.option("--json", "as_json", is_flag=True, help="每句输出一个 JSON 对象，别无其他")
@click.option("--confidence", type=click.FloatRange(0, 1), default=1.0, help="语音识别的把握，0 到 1，默认 1")
@click.option(
    "--alternative",
    "alternatives",
    type=(str, click.FloatRange(0, 1)),
    multiple=True,
    metavar="话 份额",
    help="同一段声音的另一种听法和它的份额（0 到 1），可给多个；只能与一句话同用",
)
@click.option("--check", is_flag=True, help="只检查词库和策略，说明其规模")
@rules_options
def decide(
    *,
    texts: tuple[str, ...],
    file: Path | None,
    column: str | None,
    as_json: bool,
    confidence: float,
    alternatives: tuple[tuple[str, float], ...],
    check: bool,
    rules: Rules,
) -> None:
    """Decide for each text whether police or 民生110 should hear the caller, and why."""
    if texts and file:
        raise click.UsageError("话和 --file 只能给一种")
    if column and not file:
        raise click.UsageError("--column 要和 --file 一起用")
    if alternatives and len(texts) != 1:
        raise click.UsageError(
            "--alternative 要和一句话一起用，例如：python -m triage 我家停水了 --alternative 我家强睡了 0.2"
        )
    triage = rules.load()
    if check:
        click.echo(triage.summary())
        return
    try:
        _decide_all(triage, _source(texts, file, column), confidence, alternatives, as_json=as_json)
    except InputFileError as wrong:
        fail(EXIT_INPUT, str(wrong))


def _source(texts: tuple[str, ...], file: Path | None, column: str | None) -> Iterable[str]:
    if texts:
        return texts
    if file:
        return read_texts(file, column)
    if sys.stdin.isatty():
        raise click.UsageError("请给出要判断的话，例如：python -m triage 我家停水了")
    return _standard_input()


def _standard_input() -> Iterator[str]:
    try:
        yield from lines_of(sys.stdin)
    except UnicodeDecodeError as wrong:
        raise InputFileError(Path("-"), 0, f"标准输入须为 UTF-8 文本：{wrong}") from wrong


def _decide_all(
    triage: Triage,
    texts: Iterable[str],
    confidence: float,
    alternatives: Sequence[tuple[str, float]],
    *,
    as_json: bool,
) -> None:
    console = Console(highlight=False)
    police = triage.field_ids(Route.POLICE)
    for text in texts:
        decision = triage.decide(text, confidence, alternatives=alternatives)
        if as_json:
            click.echo(json_line(decision))
        else:
            console.print(explained(decision, triage.analyse(text), police))
