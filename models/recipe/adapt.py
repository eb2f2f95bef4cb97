"""An existing model of this recipe taught with an operator's own recordings.

A part of the recordings is held out; before and after they are heard by the real libvosk over an A-law line, so that
the operator sees whether it was worth it.
"""

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from models.recipe import data
from models.recipe.bundle import describe_adapted
from models.recipe.errors import RecordingError, StageError
from models.recipe.evaluate import Score, evaluate
from models.recipe.export import write_model
from models.recipe.human import held_out
from models.recipe.human.clips import clips
from models.recipe.human.shards import make_shards
from models.recipe.human.stage import align_to
from models.recipe.mixture import mixture, synthetic
from models.recipe.plan import claim
from models.recipe.report import Report
from models.recipe.revive import revive
from models.recipe.train import Course, Training
from models.recipe.trained import TrainedNet


@dataclass(frozen=True, slots=True)
class Lesson:
    """How an adaptation is done."""

    steps: int = 600
    learning_rate: float = 2e-4
    shards: int = 6
    """Pieces of pseudo-sentences, and as many of synthetic speech, so that the old is not forgotten."""
    shard_seconds: float = 600.0
    batch_seconds: float = 60.0


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
    claim(work, {"seed": seed, "corpus": corpus.name, "model": model.name, **asdict(lesson)})
    kept, listened_to = held_out.part(found, seed)
    if not listened_to:
        raise RecordingError(
            f"{corpus}: {len(found)} 段录音，至少要 {held_out.FEWEST} 句不同的话（too few different sentences）。"
        )
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
    recordings = [held_out.recording(clip, "held out, A-law") for clip in listened_to]
    with report.stage("evaluate") as say:
        before = evaluate(model, recordings, lambda: say(0, 2, "before"))[0]
        after = evaluate(work / "model", recordings, lambda: say(1, 2, "after"))[0]
    scores = replace(before, name="before"), replace(after, name="after")
    describe_adapted(work / "model", out.name, model, corpus.name, scores)
    shutil.copytree(work / "model", out)
    return scores


def _copy(model: Path, to: Path) -> None:
    """Copy a model but its card, which would no longer be true, and its figures."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(model, to, ignore=shutil.ignore_patterns("README.md", "model.json", "*.svg"))
