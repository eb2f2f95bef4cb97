"""`python -m triage evaluate FILE`: how well the rules decide a labelled set.

Exit codes: 0 done; 1 to 3 as in `decide`; 4 a share is below what --fail-under-… wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from triage.commands.options import EXIT_INPUT, Rules, fail, rules_options
from triage.decision import Route
from triage.errors import InputFileError
from triage.evaluation.labelled_file import Labelled, read_labelled
from triage.evaluation.labels import Labels
from triage.evaluation.report import drawn, json_lines, said
from triage.evaluation.scores import Scores, score
from triage.evaluation.shares import Share
from triage.simulated_recogniser import SimulatedRecogniser

EXIT_BELOW = 4
"""A share is below what was wanted."""
_SHOWN = 40
_LONG = 500  # sentences; shorter sets are done before a bar can be read
_HELP = """用一份带标签的句子考核词库和策略。

FILE 是 .csv、.jsonl 或 .yaml；.yaml 也可以是“标签: [句子…]”。标签可以是 police、minsheng、类别的 id，
或用 --police、--minsheng 说明的标签；其余的不计入，只报数。
"""


@click.command(help=_HELP, short_help="用带标签的句子考核")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--label", default="label", show_default=True, help="标签在哪一列（哪个键）")
@click.option("--column", default="text", show_default=True, help="句子在哪一列（哪个键）")
@click.option("--police", default="", metavar="标签,…", help="这些标签应转警察")
@click.option("--minsheng", default="", metavar="标签,…", help="这些标签应转民生110")
@click.option(
    "--misses",
    type=click.IntRange(min=0),
    help=f"被留下的民生句子最多列几句，默认 {_SHOWN}；--json 默认全列",
)
@click.option(
    "--noise", type=click.FloatRange(0, 1), default=0.0, help="先经过会听错的模拟识别，每字出错的比例"
)
@click.option("--seed", type=int, default=0, show_default=True, help="模拟识别的种子：同一种子，同样的错")
@click.option(
    "--fail-under-police", type=click.FloatRange(0, 1), help="险情留在警察的比例低于此数时，退出码为 4"
)
@click.option(
    "--fail-under-freed", type=click.FloatRange(0, 1), help="民生离开警察线的比例低于此数时，退出码为 4"
)
@click.option("--json", "as_json", is_flag=True, help="每个错判一个 JSON 对象，最后一个是汇总")
@rules_options
def evaluate(
    *,
    file: Path,
    label: str,
    column: str,
    police: str,
    minsheng: str,
    misses: int | None,
    noise: float,
    seed: int,
    fail_under_police: float | None,
    fail_under_freed: float | None,
    as_json: bool,
    rules: Rules,
) -> None:
    """Decide a labelled set, and say what came out."""
    triage = rules.load()
    try:
        labels = Labels(triage, _list(police), _list(minsheng))
    except ValueError as both:
        raise click.UsageError(f"既在 --police 又在 --minsheng：{both}") from both
    try:
        sentences = read_labelled(file, label, column)
    except InputFileError as wrong:
        fail(EXIT_INPUT, str(wrong))
    hear: Callable[[str], str] = SimulatedRecogniser(noise, seed).hear if noise else str
    scores = score(triage, _watched(sentences), labels, hear)
    if as_json:
        for line in json_lines(scores, misses, noise=noise, seed=seed, lexicon_version=triage.version):
            click.echo(line)
    else:
        console = Console(highlight=False)
        for part in drawn(scores, triage, _SHOWN if misses is None else misses):
            console.print(part)
    _hold_against(scores, {Route.POLICE: fail_under_police, Route.MINSHENG: fail_under_freed})


def _list(labels: str) -> list[str]:
    return [label.strip() for label in labels.replace("，", ",").split(",") if label.strip()]


def _watched(sentences: list[Labelled]) -> Iterable[Labelled]:
    """Show how far it is, on a terminal, when it may take long."""
    console = Console(stderr=True)
    hidden = len(sentences) < _LONG or not console.is_terminal
    return track(sentences, "判断中", console=console, disable=hidden, transient=True)


def _hold_against(scores: Scores, wanted: dict[Route, float | None]) -> None:
    """End with EXIT_BELOW when a share is too low, or when there was nothing to measure it on."""
    names = {Route.POLICE: "险情留在警察的比例", Route.MINSHENG: "民生离开警察线的比例"}
    below = [
        _complaint(names[route], scores.right(route), least)
        for route, least in wanted.items()
        if least is not None and not scores.right(route).reaches(least)
    ]
    if below:
        fail(EXIT_BELOW, "\n".join(below))


def _complaint(name: str, share: Share, least: float) -> str:
    return f"{name}低于要求的 {least:.1%}：{said(share)}"
