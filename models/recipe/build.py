"""The recipe from end to end: data, human, train, export, lm, graph, evaluate.

Everything lies in one work folder. Shards of data and training are resumed where they stopped; the later stages take
seconds and are always done again.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from asr.phrases import read_phrases
from models.recipe import (
    bundle,
    corpus,
    curve,
    data,
    exam,
    graph,
    language_model,
    lexicon,
    mixture,
    model_conf,
    words,
)
from models.recipe.apart import apart
from models.recipe.batches import Source
from models.recipe.cmn import mean_of
from models.recipe.evaluate import Score, evaluate
from models.recipe.export import write_model
from models.recipe.human import stage
from models.recipe.language import Language
from models.recipe.plan import Plan
from models.recipe.recording import Recording
from models.recipe.report import Advance, Report
from models.recipe.train import Course, Training
from models.recipe.trained import TrainedNet

STAGES: Final = ("data", "human", "train", "export", "lm", "graph", "evaluate")


def build(plan: Plan, report: Report, until: str = STAGES[-1]) -> list[Score]:
    """Run the stages up to `until`; gives the scores of the last one (none when it was not run).

    Raises:
        RecipeError: a stage cannot do its work, or the work folder belongs to another size or seed.

    """
    plan.claim()
    scores: list[Score] = []
    for name in STAGES[: STAGES.index(until) + 1]:
        with report.stage(name) as advance:
            scores = _STEPS[name](plan, advance)
    return scores


def _data(plan: Plan, advance: Advance) -> list[Score]:
    data.make_shards(
        plan.shards, plan.size, plan.seed, lambda done, total: advance(done, total, "pieces of speech")
    )
    return []


def _human(plan: Plan, advance: Advance) -> list[Score]:
    """Prepare the corpora; a net that has learned from synthetic speech alone aligns them."""
    if not plan.human:
        return []
    first = plan.work / "first.pt"
    if not first.exists():
        alone = mixture.synthetic(plan.shards, plan.size.shards)
        mean = mean_of(example.features for example in alone)
        _learn(plan, first, Course([Source(alone)], mean, plan.size.steps, plan.size.learning_rate), advance)
    net = TrainedNet.load(first)
    for recordings in plan.human:
        folder = stage.folder_of(plan.work, recordings)
        stage.prepare(folder, recordings, net, plan.size, plan.seed, say=advance)
    return []


def _train(plan: Plan, advance: Advance) -> list[Score]:
    if plan.net.exists():
        return []
    own = mixture.synthetic(plan.shards, plan.size.shards)
    rate = plan.size.learning_rate
    if plan.human:
        first = TrainedNet.load(plan.work / "first.pt")
        folders = [stage.folder_of(plan.work, recordings) for recordings in plan.human]
        sources, trial = mixture.mixture(own, folders), mixture.trial(folders)
        course = Course(sources, first.mean, plan.size.human_steps, rate, trial, first)
    else:
        mean = mean_of(example.features for example in own)
        course = Course([Source(own)], mean, plan.size.steps, rate)
    _learn(plan, plan.net, course, advance)
    return []


def _learn(plan: Plan, path: Path, course: Course, advance: Advance) -> None:
    Training(plan.size, course, plan.seed).run(
        path, lambda at: advance(at.step, at.steps, f"loss {at.loss:.3f}, {at.accuracy:.1%} of frames right")
    )


def _export(plan: Plan, advance: Advance) -> list[Score]:
    write_model(plan.model / "am", TrainedNet.load(plan.net))
    model_conf.write_conf(plan.model / "conf")
    advance(1, 1, "final.mdl")
    return []


def _lm(plan: Plan, advance: Advance) -> list[Score]:
    wanted = read_phrases(plan.phrase_files)
    rng = Random(f"{plan.seed}/text")
    text = list(corpus.sentences(plan.size.text_sentences, wanted, rng))
    text += corpus.written(plan.text_files)
    for recordings in plan.human:
        text += corpus.transcripts(stage.texts(stage.folder_of(plan.work, recordings)))
    advance(1, 2, f"{len(text)} sentences")
    heard = {word for sentence in text for word in sentence}
    sounds = lexicon.pronunciations(heard.union(words.most_frequent(plan.size.generic_words)))
    vocabulary = frozenset(sounds) - {lexicon.UNKNOWN}
    model = language_model.estimate(text, words.frequencies(), vocabulary)
    Language(sounds, model).save(plan.work / "language.json")
    advance(2, 2, f"{len(sounds)} words, {len(model.arcs)} arcs")
    return []


def _graph(plan: Plan, advance: Advance) -> list[Score]:
    apart(graph.build_for, plan)  # kaldifst and vosk do not live together in one process
    advance(1, 1, "HCLr.fst and Gr.fst")
    return []


def _evaluate(plan: Plan, advance: Advance) -> list[Score]:
    recordings = exam.record(plan.shards, plan.size.exam_sentences, plan.seed)
    for corpus_path in plan.human:
        recordings += stage.recordings(stage.folder_of(plan.work, corpus_path))
    mistakes: list[str] = []
    done = 0

    def heard_one() -> None:
        nonlocal done
        done += 1
        advance(done, len(recordings), "recordings")

    def wrong(recording: Recording, heard: str) -> None:
        mistakes.append(f"{recording.set_name}\n  said  {recording.text}\n  heard {heard}\n")

    scores = evaluate(plan.model, recordings, heard_one, wrong)
    (plan.work / "mistakes.txt").write_text("".join(mistakes), encoding="utf-8")
    bundle.describe(plan, scores)
    curve.draw(plan.net.with_suffix(".json"), plan.model / "training.svg")
    return scores


_STEPS: Final[dict[str, Callable[[Plan, Advance], list[Score]]]] = {
    "data": _data,
    "human": _human,
    "train": _train,
    "export": _export,
    "lm": _lm,
    "graph": _graph,
    "evaluate": _evaluate,
}
