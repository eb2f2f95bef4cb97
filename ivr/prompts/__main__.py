"""`python -m ivr.prompts make`: speak the texts of prompts.yaml into the files that callers hear."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivr.prompts.library import FOLDER
from ivr.prompts.recipe import Voice, make
from ivr.prompts.texts import load_texts
from models.recipe.errors import RecipeError
from models.recipe.voice import speak

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DEFAULT = Voice()


@click.group()
def main() -> None:
    """提示音：由 prompts.yaml 的文字生成语音文件。."""


@main.command("make", help="生成语音文件和清单。")
@click.option("--voice", default=_DEFAULT.variant, show_default=True, help="espeak-ng 音色，如 f5、m3")
@click.option("--rate", default=_DEFAULT.rate, show_default=True, help="语速（词/分钟，80–450）")
@click.option("--pitch", default=_DEFAULT.pitch, show_default=True, help="音高（0–99）")
@click.option("--only", "only", multiple=True, metavar="KEY", help="只生成这一条，可重复")
@click.option("--into", default=FOLDER, type=click.Path(path_type=Path, file_okay=False), help="输出文件夹")
def make_command(voice: str, rate: int, pitch: int, only: tuple[str, ...], into: Path) -> None:
    """Make the files and their manifest."""
    texts = load_texts()
    wanted = only or tuple(texts)
    unknown = sorted(set(wanted) - set(texts))
    if unknown:
        raise click.UsageError(f"没有这些提示音：{'、'.join(unknown)}；可用：{'、'.join(texts)}")
    into.mkdir(parents=True, exist_ok=True)
    for key in wanted:
        try:
            made = make(key, texts[key], Voice(voice, rate, pitch), _speak, into)
        except (RecipeError, ValueError) as error:
            raise click.ClickException(f"{key}：{error}") from error
        click.echo(f"{key}.wav  {made.duration_s:.1f} s  {texts[key]}")


def _speak(text: str, voice: Voice) -> NDArray[np.int16]:
    return speak(text, voice.variant, rate=voice.rate, pitch=voice.pitch)


if __name__ == "__main__":
    main()
