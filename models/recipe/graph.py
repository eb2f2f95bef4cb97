"""The decoding graph as a look-ahead pair: HCLr.fst (sounds to words) and Gr.fst (words to sentences).

libvosk composes the two while it decodes, and can put another grammar in Gr's place at run time. kaldifst must never
be loaded into a process before vosk is (both bring an OpenFst of their own): build graphs in a process apart.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from models.recipe.data import mean_durations
from models.recipe.expansion import Durations, durations, expand
from models.recipe.human import stage
from models.recipe.human.shards import TOLD
from models.recipe.language import Language
from models.recipe.language_model import LanguageModel
from models.recipe.lexicon import Lexicon
from models.recipe.lexicon_fst import lexicon_fst
from models.recipe.lookahead import to_look_ahead
from models.recipe.phones import word_boundaries
from models.recipe.plan import Plan

# How much mean durations weigh against the network's own judgement.
_DURATION_SCALE: Final = 1.0

Fst = Any  # kaldifst's classes have no type hints


def build_for(plan: Plan) -> None:
    """Build the graph of a plan from what its earlier stages left.

    Raises:
        StageError: an earlier stage has not been run.

    """
    language = Language.load(plan.work / "language.json")
    told = [stage.folder_of(plan.work, corpus) / TOLD for corpus in plan.human]
    costs = durations(mean_durations(plan.shards, *told), _DURATION_SCALE)
    build(plan.model / "graph", language.lexicon, language.model, costs)


def build(folder: Path, lexicon: Lexicon, model: LanguageModel, costs: Durations) -> None:
    """Write HCLr.fst, Gr.fst, disambig_tid.int, words.txt and phones/word_boundary.int into `folder`."""
    import kaldifst  # noqa: PLC0415 - see above

    (folder / "phones").mkdir(parents=True, exist_ok=True)
    numbers = {word: number for number, word in enumerate(sorted(lexicon), start=1)}
    sounds = lexicon_fst(lexicon, numbers)
    kaldifst.determinize_star(sounds)
    expanded, disambiguation = expand(sounds, costs)
    kaldifst.connect(expanded)
    kaldifst.arcsort(expanded, "olabel")
    relabelled = to_look_ahead(expanded, folder / "HCLr.fst")
    new_numbers = {word: relabelled.get(number, number) for word, number in numbers.items()}
    kaldifst.StdConstFst(_grammar_fst(model, new_numbers)).write(str(folder / "Gr.fst"))
    (folder / "disambig_tid.int").write_text("".join(f"{number}\n" for number in disambiguation))
    words = sorted(new_numbers.items(), key=lambda item: item[1])
    text = "".join(f"{word} {number}\n" for word, number in [("<eps>", 0), *words])
    (folder / "words.txt").write_text(text, encoding="utf-8")
    (folder / "phones" / "word_boundary.int").write_text(word_boundaries())


def _grammar_fst(model: LanguageModel, numbers: Mapping[str, int]) -> Fst:
    """Build G as an acceptor of words; backing off is free of words."""
    import kaldifst  # noqa: PLC0415

    fst = kaldifst.StdVectorFst()
    for _ in range(model.states):
        fst.add_state()
    fst.start = model.start
    for arc in model.arcs:
        word = 0 if arc.word is None else numbers[arc.word]
        fst.add_arc(arc.source, kaldifst.StdArc(word, word, arc.cost, arc.target))
    for state, cost in model.finals:
        fst.set_final(state, cost)
    kaldifst.arcsort(fst, "ilabel")
    return fst
