"""`python -m triage.second_opinion`: train the second opinion, and measure what it adds to the rules."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from triage.decision import Route
from triage.engine import Triage, without_cancelled
from triage.errors import TriageError
from triage.lexicon import Lexicon, load_lexicon
from triage.policy import Policy
from triage.second_opinion.model import DEFAULT_FILE, Opinion, SecondOpinion
from triage.second_opinion.sentences import Sentence, load_agreed, load_sentences
from triage.second_opinion.training import cross_validate, lessons, write
from triage.sounds import sound_table

_NOTES = (
    "The second opinion: weights of a linear model (logistic regression), made of triage/second_opinion/utterances by",
    "`python -m triage.second_opinion train`. Log-odds that a matter belongs to police = bias + sum of the weights of",
    "the grams in the text / square root of their number. `sounds` are toneless syllables, confusions taken together.",
)
_MEASURE = "五折交叉验证：每句都由没见过它那一批句子的模型来判断，比较只用规则和加上第二意见的结果。"


class _Known(SecondOpinion):
    """Says of each sentence what a model said that had not learned from it."""

    def __init__(self, log_odds: dict[str, float]) -> None:
        """`log_odds` by what the model is shown of a sentence."""
        super().__init__(0.0, {}, sound_table())
        self._told = log_odds

    def judge(self, letters: str) -> Opinion:
        return Opinion(self._told[letters])


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]}, help="训练“第二意见”模型，并衡量它的作用。"
)
def main() -> None:
    """Train and measure the second opinion."""


@main.command("train", help="用 utterances/ 里的句子训练，写出权重文件（约一分钟）。")
@click.option("--into", type=click.Path(path_type=Path), default=DEFAULT_FILE, help="权重文件")
@click.option("--seed", default=0, show_default=True, help="模拟误听的随机种子")
def train_command(into: Path, seed: int) -> None:
    """Train on the sentences and write the weights."""
    sentences, lexicon = _material()
    count = write(lessons(sentences, lexicon, seed=seed), sound_table(), into, _NOTES)
    click.echo(f"{len(sentences)} 句，{count} 个权重 → {into.name}")


@main.command("measure", help=_MEASURE)
@click.option("--seed", default=0, show_default=True, help="分组和误听的随机种子")
def measure_command(seed: int) -> None:
    """Cross-validate: the rules alone, and with the second opinion of models that have not seen a sentence's batch."""
    sentences, lexicon = _material()
    alone = Triage(lexicon, Policy.load(), None)
    shown = [without_cancelled(alone.analyse(sentence.text)) for sentence in sentences]
    held_out = cross_validate(sentences, shown, lexicon, seed=seed)
    both = Triage(lexicon, Policy.load(), _Known(dict(zip(shown, map(float, held_out), strict=True))))
    table = Table("", "警情句", "误放", "民生句", "放行")
    for name, triage in (("只用规则", alone), ("加第二意见", both)):
        table.add_row(name, *_row(triage, sentences))
    Console().print(table)


def _material() -> tuple[list[Sentence], Lexicon]:
    """Read what is taught; a mistake in a file is told in one line."""
    try:
        return [*load_sentences(), *load_agreed()], load_lexicon()
    except TriageError as wrong:
        raise click.ClickException(str(wrong)) from wrong


def _row(triage: Triage, sentences: list[Sentence]) -> list[str]:
    cells: list[str] = []
    for is_police in (True, False):
        side = [s.text for s in sentences if s.is_police is is_police]
        freed = sum(triage.decide(text).route is Route.MINSHENG for text in side)
        cells += [str(len(side)), f"{freed}（{freed / len(side):.1%}）"]
    return cells


if __name__ == "__main__":
    main(prog_name="python -m triage.second_opinion")
