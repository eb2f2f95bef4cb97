"""The finished model's folder: putting it in its place, with what there is to say about it."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Final

from models.recipe.errors import StageError
from models.recipe.evaluate import Score
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.plan import Plan

VERSION: Final = "2.2"
_PACKAGES: Final = (
    "torch",
    "kaldifst",
    "kaldi-native-fbank",
    "vosk",
    "jieba",
    "pypinyin",
    "numpy",
    "scipy",
    "soxr",
    "pyworld",
)
_NAME: Final = "minsheng-cmn-8k"
_SYNTHETIC: Final = "民生110 随附的演示模型：普通话、8 kHz 电话音质，只用合成语音训练，听不懂真人"
_WITH_PEOPLE: Final = (
    "民生110 随附的演示模型：普通话、8 kHz 电话音质，用合成语音和少数几位真人的录音训练，多半听不懂陌生的真人"
)


def describe(plan: Plan, scores: Sequence[Score]) -> None:
    """Write `model.json`: what the model is, how it was made and how well it heard."""
    card = {
        "name": f"{_NAME}-{plan.size.name}",
        "version": VERSION,
        "description": _WITH_PEOPLE if plan.human else _SYNTHETIC,
        "licence": plan.licence or None,
        "human": [corpus.name for corpus in plan.human],
        "language": "cmn",
        "sample_rate": 8000,
        "seed": plan.seed,
        "recipe": asdict(plan.size),
        "held_out_voices": list(HELD_OUT_VOICES),
        "made_with": {package: metadata.version(package) for package in _PACKAGES},
        "scores": _told(scores),
    }
    _write(plan.model, card)


def describe_adapted(folder: Path, name: str, old: Path, corpus: str, scores: Sequence[Score]) -> None:
    """Write `model.json` of a model that was taught with an operator's recordings; `old` is the one before."""
    known = _card(old)
    parent = " ".join(str(known[key]) for key in ("name", "version") if key in known) or old.name
    human = known.get("human")
    card = {
        "name": name,
        "description": f"用 {corpus} 的录音教过的模型（原模型：{parent}）",
        "licence": known.get("licence"),
        "adapted_from": parent,
        "human": [*(human if isinstance(human, list) else ()), corpus],
        "language": "cmn",
        "sample_rate": 8000,
        "scores": _told(scores),
    }
    _write(folder, card)


def _card(folder: Path) -> Mapping[str, object]:
    """Read a model's `model.json`; nothing where there is none, or none that can be read."""
    try:
        card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return card if isinstance(card, dict) else {}


def _told(scores: Sequence[Score]) -> list[dict[str, object]]:
    return [
        {
            "set": score.name,
            "sentences": score.sentences,
            "right_sentences": score.right_sentences,
            "characters": score.characters,
            "character_error_rate": round(score.character_error_rate, 4) if score.characters else None,
            "syllable_error_rate": round(score.syllable_error_rate, 4) if score.characters else None,
        }
        for score in scores
    ]


def _write(folder: Path, card: Mapping[str, object]) -> None:
    text = json.dumps(card, ensure_ascii=False, indent=2) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8")


def table(scores: Sequence[Score]) -> str:
    """Give the scores as a Markdown table."""
    rows = [
        "| set | sentences all right | characters | character errors | syllable errors |",
        "| --- " * 5 + "|",
    ]
    rows += [
        f"| {score.name} | {score.right_sentences} of {score.sentences} | {score.characters} "
        + (
            f"| {score.character_error_rate:.2%} | {score.syllable_error_rate:.2%} |"
            if score.characters
            else "| – | – |"
        )
        for score in scores
    ]
    return "\n".join(rows) + "\n"


def install(model: Path, out: Path) -> None:
    """Copy a model folder to `out`, in the place of an older model there; a README.md there is kept.

    Raises:
        StageError: `out` holds something that is not a model.

    """
    if out.exists() and any(out.iterdir()) and not (out / "model.json").exists():
        raise StageError(f"{out} holds files but no model.json: empty it or give another --out")
    incoming = out.with_name(out.name + ".incoming")
    shutil.rmtree(incoming, ignore_errors=True)
    shutil.copytree(model, incoming)
    if (out / "README.md").exists():
        shutil.copy2(out / "README.md", incoming / "README.md")
    if out.exists():
        shutil.rmtree(out)
    incoming.replace(out)
