"""`python -m models.recipe`: make a speech model, or a synthetic voice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.markdown import Markdown

from asr.phrases import lexicon_files
from models.recipe.errors import RecipeError
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.plan import Plan
from models.recipe.size import SIZES
from models.recipe.voice import speak as speak_text
from models.recipe.voice import write_wav
from models.recipe.watching import watching
from provision.errors import ProvisionError

_LEXICON = Path("triage/lexicon")
_WRITTEN = Path("triage/second_opinion/utterances")


@contextmanager
def _packages() -> Iterator[None]:
    """Say what to install when a package that only training needs is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"{error.name} is missing: pip install -r requirements/recipe.txt"
        ) from error


@click.group()
def main() -> None:
    """Make the bundled speech model, or synthetic callers' voices."""


@main.command()
@click.option("--size", type=click.Choice(sorted(SIZES)), default="full", show_default=True, help="How big.")
@click.option("--seed", default=110, show_default=True, help="Same seed, same model.")
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("var/recipe"),
    show_default=True,
    help="Folder for data and half-done work; an interrupted build goes on from there.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Copy the finished model here, too.")
@click.option(
    "--phrases",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    multiple=True,
    help=f"Text files whose phrases must be heard. Default: every .yaml below {_LEXICON}.",
)
@click.option(
    "--text",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    multiple=True,
    help=f"Text files of sentences as callers say them, one a line. Default: every .txt below {_WRITTEN}.",
)
@click.option(
    "--human",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Recordings of people to learn from, too: a folder or tar with transcripts.csv (file, text), or with files "
    "named by what is said (…-北京.mp3, …-ban5.mp3). May be given several times.",
)
@click.option(
    "--licence",
    default="",
    help="What the model may be used for, in a few words, e.g. CC BY-SA: it depends on the recordings.",
)
@click.option("--until", default="evaluate", show_default=True, help="Stop after this stage.")
def build(  # noqa: PLR0917 - click passes options by name
    size: str,
    seed: int,
    work: Path,
    out: Path | None,
    phrases: tuple[Path, ...],
    text: tuple[Path, ...],
    human: tuple[Path, ...],
    licence: str,
    until: str,
) -> None:
    """Make a model: data, human, train, export, lm, graph, evaluate.

    The full size takes two hours on two cores, the small one a few minutes. Needs the packages of
    requirements/recipe.txt.
    """
    with _packages():
        from models.recipe import build as recipe  # noqa: PLC0415 - speaking does without PyTorch
        from models.recipe import bundle  # noqa: PLC0415
    if until not in recipe.STAGES:
        raise click.BadParameter(f"choose one of {', '.join(recipe.STAGES)}", param_hint="--until")
    files = phrases or lexicon_files(_LEXICON)
    written = text or tuple(sorted(_WRITTEN.rglob("*.txt")))
    plan = Plan(SIZES[size], seed, work / f"{size}-{seed}", files, written, human, licence)
    console = Console()
    try:
        with watching(console) as report:
            scores = recipe.build(plan, report, until)
        if scores:
            console.print(Markdown(bundle.table(scores)))
            console.print(
                f"The model is in {plan.model}; what it heard wrongly in {plan.work / 'mistakes.txt'}."
            )
        if scores and out is not None:
            bundle.install(plan.model, out)
            console.print(f"Copied to {out}.")
    except (RecipeError, ProvisionError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.argument("corpus", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--model",
    type=click.Path(exists=True, path_type=Path, file_okay=False),
    default=Path("models/bundled"),
    show_default=True,
    help="The model to begin with, made by this recipe.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the new model.")
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("var/recipe/adapt"),
    show_default=True,
    help="Folder for half-done work; delete it before you begin with other recordings.",
)
@click.option("--steps", default=600, show_default=True, help="Training steps; more for more recordings.")
@click.option("--seed", default=110, show_default=True, help="Which recordings are held out, and all chance.")
def adapt(corpus: Path, model: Path, out: Path, work: Path, steps: int, seed: int) -> None:  # noqa: PLR0917
    """Teach a model with your own recordings.

    CORPUS is a folder or tar with transcripts.csv (columns file, text) and the sound files it names. One recording in
    ten is held out: the table says how well it was heard before and after.
    """
    with _packages():
        from models.recipe import adapt as lessons  # noqa: PLC0415
        from models.recipe import bundle  # noqa: PLC0415
    console = Console()
    try:
        with watching(console) as report:
            scores = lessons.adapt(corpus, model, out, work, lessons.Lesson(steps=steps), seed, report)
    except (RecipeError, ProvisionError) as error:
        raise click.ClickException(str(error)) from error
    console.print(Markdown(bundle.table(scores)))
    console.print(f"The new model is in {out}. Try it: python -m asr evaluate RECORDINGS --model {out}")


@main.command()
@click.argument("text")
@click.option(
    "--voice",
    default="f5",
    show_default=True,
    help=f"espeak-ng variant; never trained on: {', '.join(HELD_OUT_VOICES)}.",
)
@click.option("--rate", default=175, show_default=True, help="Words a minute.")
@click.option("--pitch", default=50, show_default=True, help="0 to 99.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="WAV file, 8 kHz mono.")
def speak(text: str, voice: str, rate: int, pitch: int, output: Path) -> None:
    """Speak Chinese TEXT with a synthetic voice into a WAV file."""
    try:
        write_wav(output, speak_text(text, voice, rate=rate, pitch=pitch))
    except (RecipeError, ProvisionError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main(prog_name="python -m models.recipe")
