"""The recipe from end to end: data, train, export, lm, graph, evaluate.

Everything lies in one work folder. Shards of data and training are resumed where they stopped; the later stages take
seconds and are always done again.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from random import Random
from typing import Final, Protocol

from asr.phrases import read_phrases
from models.recipe import (
    bundle,
    corpus,
    data,
    exam,
    graph,
    language_model,
    lexicon,
    model_conf,
    train,
    words,
)
from models.recipe.evaluate import Score, evaluate
from models.recipe.export import write_model
from models.recipe.language import Language
from models.recipe.plan import Plan
from models.recipe.recording import Recording

STAGES: Final = ("data", "train", "export", "lm", "graph", "evaluate")

Advance = Callable[[int, int, str], None]


class Report(Protocol):
    """Watches a build."""

    def stage(self, name: str) -> AbstractContextManager[Advance]:
        """Begin a stage; the function given is told (done, in all, a few words)."""
        ...


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


def _train(plan: Plan, advance: Advance) -> list[Score]:
    if not (plan.work / "net.pt").exists():
        train.train(
            plan.work,
            plan.shards,
            plan.size,
            plan.seed,
            lambda at: advance(at.step, at.steps, f"loss {at.loss:.3f}, {at.accuracy:.1%} of frames right"),
        )
    return []


def _export(plan: Plan, advance: Advance) -> list[Score]:
    net, counts = train.load(plan.work / "net.pt", plan.size)
    write_model(plan.model / "am" / "final.mdl", net, counts)
    model_conf.write_conf(plan.model / "conf")
    advance(1, 1, "final.mdl")
    return []


def _lm(plan: Plan, advance: Advance) -> list[Score]:
    wanted = read_phrases(plan.phrase_files)
    rng = Random(f"{plan.seed}/text")
    text = list(corpus.sentences(plan.size.text_sentences, wanted, rng))
    advance(1, 2, f"{len(text)} sentences")
    heard = {word for sentence in text for word in sentence}
    sounds = lexicon.pronunciations(heard.union(words.most_frequent(plan.size.generic_words)))
    vocabulary = frozenset(sounds) - {lexicon.UNKNOWN}
    model = language_model.estimate(text, words.frequencies(), vocabulary)
    Language(sounds, model).save(plan.work / "language.json")
    advance(2, 2, f"{len(sounds)} words, {len(model.arcs)} arcs")
    return []


def _graph(plan: Plan, advance: Advance) -> list[Score]:
    # A process of its own: kaldifst and vosk do not live together in one.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as apart:
        apart.submit(graph.build_for, plan).result()
    advance(1, 1, "HCLr.fst and Gr.fst")
    return []


def _evaluate(plan: Plan, advance: Advance) -> list[Score]:
    recordings = exam.record(plan.shards, plan.size.exam_sentences, plan.seed)
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
    bundle.describe(plan.model, plan.size, plan.seed, scores)
    return scores


_STEPS: Final[dict[str, Callable[[Plan, Advance], list[Score]]]] = {
    "data": _data,
    "train": _train,
    "export": _export,
    "lm": _lm,
    "graph": _graph,
    "evaluate": _evaluate,
}
