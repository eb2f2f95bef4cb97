"""`python -m asr evaluate DIR`: error rates, words that matter, speed and delays, on each kind of line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from asr.errors import AsrError, ModelError
from asr.evaluation.corpus import Clip, count, read
from asr.evaluation.hearing import hear
from asr.evaluation.keywords import Keywords, letters
from asr.evaluation.lines import LINES, Line
from asr.evaluation.operating_point import AIM_FALSE_ALARMS, AIM_RECALL
from asr.evaluation.score import Score, median
from asr.models import ModelShelf, chosen
from asr.recogniser import SAMPLE_RATE, Engine

_PROJECT = Path(__file__).resolve().parents[2]
_LEXICON = _PROJECT / "triage" / "lexicon" / "police"
EXIT_NO_MODEL = 3  # as of `python -m asr`
_HELP = """在一批已知内容的录音上衡量语音模型：错字率、关键词查全率和查准率、速度、延迟。

CORPUS 是目录或 tar 文件，里面有 transcripts.csv（列 file、text）和它列出的录音（WAV、FLAC、MP3、A-law 等）。
每段录音听五遍：原声、A-law、A-law 加 20、10、5 dB 噪声。关键词默认取词库里单独就能定为警情的词语；
第二张表是只算置信度不低于某个值的词时，还能听到多少、误报多少。

示例：python -m asr evaluate 录音目录 --model vosk-model-small-cn-0.22"""


@click.command(
    name="python -m asr evaluate", help=_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.argument("corpus", type=click.Path(exists=True, path_type=Path))
@click.option("--model", metavar="名称或目录", help="语音模型：已安装的名称，或模型目录；默认用当前启用的。")
@click.option(
    "--keywords",
    "words",
    type=click.Path(exists=True, path_type=Path),
    default=_LEXICON,
    help="关键词：文本文件，或词库目录；默认是词库里单独就能定为警情的词语。",
)
@click.option("--limit", type=click.IntRange(min=1), help="只听前几段。")
@click.option("--json", "as_json", is_flag=True, help="每种线路一行 JSON。")
@click.option(
    "--bundled",
    type=click.Path(path_type=Path),
    default=_PROJECT / "models" / "bundled",
    help="随附模型的目录。",
)
@click.option(
    "--installed",
    type=click.Path(path_type=Path),
    default=_PROJECT / "var" / "models",
    help="已安装模型所在的目录。",
)
def command(  # noqa: PLR0917 - click passes options by name
    corpus: Path,
    model: str | None,
    words: Path,
    limit: int | None,
    as_json: bool,  # noqa: FBT001 - click's own shape
    bundled: Path,
    installed: Path,
) -> None:
    """Hear every recording on every line and print the table."""
    from asr.vosk_engine import VoskEngine  # noqa: PLC0415 - --help need not wait for libvosk

    try:
        folder, name = chosen(model, ModelShelf(bundled, installed))
        scores = evaluate(VoskEngine(folder, name=name), corpus, Keywords.of(words), limit)
    except ModelError as error:
        click.echo(str(error), err=True)
        raise SystemExit(EXIT_NO_MODEL) from error
    except (AsrError, OSError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        for score in scores:
            click.echo(json.dumps({"model": name, **score.as_json()}, ensure_ascii=False))
    else:
        Console().print(_table(name, scores))
        Console().print(_operating_points(scores))


def evaluate(
    engine: Engine, corpus: Path, keywords: Keywords | None, limit: int | None = None
) -> list[Score]:
    """Score an engine on a corpus, a score for each line. Raises CorpusUnusable, AudioUnreadable, RecogniserFailed."""
    scores = [Score(line.name) for line in LINES]
    there_are = count(corpus)
    total = min(there_are, limit or there_are)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("听写", total=total)
        for number, clip in zip(range(total), read(corpus), strict=False):
            for line, score in zip(LINES, scores, strict=True):
                _hear(engine, clip, line, score, keywords, seed=number)
            progress.advance(task)
    return scores


def _hear(
    engine: Engine, clip: Clip, line: Line, score: Score, keywords: Keywords | None, *, seed: int
) -> None:
    samples = line.carry(clip.samples, np.random.default_rng(seed))
    heard = hear(engine, samples)
    said = letters(clip.text)
    spoken = keywords.count(said) if keywords else Counter[str]()
    spotted = keywords.heard(heard.words) if keywords else []
    score.add(said, letters(heard.text), len(samples) / SAMPLE_RATE, spoken, spotted)
    score.decoding_s += heard.decoding_s
    score.final_s.append(heard.final_s)
    if heard.first_partial_s is not None:
        score.first_partial_s.append(heard.first_partial_s)


def _table(name: str, scores: list[Score]) -> Table:
    clips, minutes = scores[0].clips, scores[0].seconds / 60
    title = f"{name}：{clips} 段，{minutes:.1f} 分钟，{scores[0].characters} 字"
    heads = ("线路", "错字率", "全对", "查全", "查准", "误报", "实时率", "首字", "末字")
    table = Table(
        *heads,
        title=title,
        caption="查全、查准：关键词；误报：每分钟；首字、末字：延迟中位数",
    )
    for score in scores:
        table.add_row(
            _line(score),
            _share(score.character_error_rate),
            _share(score.right_clips / score.clips if score.clips else None),
            _share(score.keywords.recall),
            _share(score.keywords.precision),
            f"{score.keywords.false_alarms_a_minute:.1f}",
            f"{score.real_time_factor:.3f}",
            _delay(median(score.first_partial_s)),
            _delay(median(score.final_s)),
        )
    return table


def _operating_points(scores: list[Score]) -> Table:
    table = Table(
        *("线路", "置信度 ≥", "查全", "查准", "误报", "达标"),
        title="关键词：只算置信度够高的",
        caption=f"达标：查全 {AIM_RECALL:.0%} 以上，误报每分钟不超过 {AIM_FALSE_ALARMS:g} 次",
    )
    for score in scores:
        for point in score.points:
            table.add_row(
                _line(score),
                f"{point.confidence:g}",
                _share(point.recall),
                _share(point.precision),
                f"{point.false_alarms_a_minute:.1f}",
                "✓" if point.reaches_the_aim else "",
            )
        table.add_section()
    return table


def _line(score: Score) -> str:
    return "原声" if score.line == "clean" else score.line


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _delay(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.2f} s"
