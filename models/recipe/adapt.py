"""An existing model of this recipe taught with an operator's own recordings.

A part of the recordings is held out; before and after they are heard by the real libvosk over an A-law line, so that
the operator sees whether it was worth it.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import soxr

from asr.g711 import alaw_decode, alaw_encode
from models.recipe import data
from models.recipe.errors import RecordingError, StageError
from models.recipe.evaluate import Score, evaluate
from models.recipe.export import write_model
from models.recipe.features import SAMPLE_RATE
from models.recipe.human.clips import RATE, HumanClip, clips
from models.recipe.human.shards import make_shards
from models.recipe.human.stage import align_to
from models.recipe.mixture import mixture, synthetic
from models.recipe.recording import Recording
from models.recipe.report import Report
from models.recipe.revive import revive
from models.recipe.train import Course, Training
from models.recipe.trained import TrainedNet
from models.recipe.words import is_chinese

FEWEST: Final = 10
"""Recordings; with fewer there is nothing to hold out."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """How an adaptation is done."""

    steps: int = 600
    learning_rate: float = 2e-4
    shards: int = 6
    """Pieces of pseudo-sentences, and as many of synthetic speech, so that the old is not forgotten."""
    shard_seconds: float = 600.0
    batch_seconds: float = 60.0
    held_out: float = 0.1
    """Share of the recordings that is only listened to."""


def adapt(  # noqa: PLR0917 - one call
    corpus: Path, model: Path, out: Path, work: Path, lesson: Lesson, seed: int, report: Report
) -> tuple[Score, Score]:
    """Teach `model` with the recordings of `corpus` and leave the new one in `out`; scores before and after.

    Raises:
        RecordingError: the corpus or a recording cannot be used; nothing has been written to `out` then.
        StageError: the model is not one of this recipe, or `out` is not free.

    """
    if out.exists():
        raise StageError(f"{out} is there already: give another --out")
    old = revive(model)
    found = list(clips(corpus))
    if len(found) < FEWEST:
        raise RecordingError(
            f"{corpus}: 只有 {len(found)} 段录音，至少要 {FEWEST} 段（too few recordings）。"
        )
    kept, held_out = part(found, lesson.held_out, seed)
    with report.stage("data") as say:
        align_to(work / "own", kept, old, corpus.name, say)
        make_shards(
            work / "own" / "aligned.npz",
            lesson.shards,
            lesson.shard_seconds,
            seed,
            lambda done, total: say(done, total, "pieces of pseudo-sentences"),
        )
        size = replace(
            old.net.size,
            shards=lesson.shards,
            shard_seconds=lesson.shard_seconds,
            batch_seconds=lesson.batch_seconds,
        )
        data.make_shards(
            work / "data", size, seed, lambda done, total: say(done, total, "pieces of synthetic speech")
        )
    with report.stage("train") as say:
        sources = mixture(synthetic(work / "data", size.shards), [work / "own"])
        course = Course(sources, old.mean, lesson.steps, lesson.learning_rate, start=old, frozen_norms=True)
        Training(size, course, seed).run(
            work / "adapted.pt",
            lambda at: say(at.step, at.steps, f"loss {at.loss:.3f}, {at.accuracy:.1%} of frames right"),
        )
    _copy(model, work / "model")
    write_model(work / "model" / "am", TrainedNet.load(work / "adapted.pt"))
    recordings = [_recording(clip) for clip in held_out]
    with report.stage("evaluate") as say:
        before = evaluate(model, recordings, lambda: say(0, 2, "before"))[0]
        after = evaluate(work / "model", recordings, lambda: say(1, 2, "after"))[0]
    shutil.copytree(work / "model", out)
    return replace(before, name="before"), replace(after, name="after")


def part(found: Sequence[HumanClip], share: float, seed: int) -> tuple[list[HumanClip], list[HumanClip]]:
    """Part recordings into those to learn from and those held out, at least one; no sentence is in both."""
    texts = sorted({clip.text for clip in found})
    Random(seed).shuffle(texts)
    out = set(texts[: max(1, round(share * len(texts)))])
    return [clip for clip in found if clip.text not in out], [clip for clip in found if clip.text in out]


def _recording(clip: HumanClip) -> Recording:
    """Give a clip as an A-law line carries it."""
    narrow = soxr.resample(clip.samples.astype(np.float64), RATE, SAMPLE_RATE)
    samples = np.clip(np.rint(narrow), -32768, 32767).astype(np.int16)
    text = "".join(character for character in clip.text if is_chinese(character))
    return Recording("held out, A-law", text, alaw_decode(alaw_encode(samples)).astype("<i2").tobytes())


def _copy(model: Path, to: Path) -> None:
    """Copy a model but its card, which would no longer be true, and its figures."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(model, to, ignore=shutil.ignore_patterns("README.md", "model.json", "*.svg"))
