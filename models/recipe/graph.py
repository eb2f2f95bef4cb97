"""The decoding graph as a look-ahead pair: HCLr.fst (sounds to words) and Gr.fst (words to sentences).

libvosk composes the two while it decodes, and can put another grammar in Gr's place at run time. kaldifst must never
be loaded into a process before vosk is (both bring an OpenFst of their own): build graphs in a process apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any, Final

from models.recipe.language_model import LanguageModel
from models.recipe.lexicon import Lexicon
from models.recipe.lookahead import to_look_ahead
from models.recipe.phones import PHONES, SILENCE_PHONE, TRANSITIONS, leave, loop, spell, unit_of, word_boundaries

_PAUSE: Final = 0.3  # probability of silence after a word
_FIRST_PAUSE: Final = 0.5  # and before the first
_NO_PATH: Final = float("inf")

Fst = Any  # kaldifst's classes have no type hints


@dataclass(frozen=True, slots=True)
class Durations:
    """What staying in a unit and leaving it cost, by unit index."""

    stay: tuple[float, ...]
    leave: tuple[float, ...]


def durations(mean_frames: Sequence[float], scale: float) -> Durations:
    """Turn mean durations (in output frames of 30 ms) into costs of a geometric distribution, times `scale`."""
    stay = [min(0.97, max(0.05, 1 - 1 / max(mean, 1.05))) for mean in mean_frames]
    return Durations(
        tuple(-scale * log(share) for share in stay), tuple(-scale * log(1 - share) for share in stay)
    )


def build(folder: Path, lexicon: Lexicon, model: LanguageModel, costs: Durations) -> None:
    """Write HCLr.fst, Gr.fst, disambig_tid.int, words.txt and phones/word_boundary.int into `folder`."""
    import kaldifst  # noqa: PLC0415 - see above

    (folder / "phones").mkdir(parents=True, exist_ok=True)
    numbers = {word: number for number, word in enumerate(sorted(lexicon), start=1)}
    sounds = _lexicon_fst(lexicon, numbers)
    kaldifst.determinize_star(sounds)
    expanded, disambiguation = _expand(sounds, costs)
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


def _lexicon_fst(lexicon: Lexicon, numbers: Mapping[str, int]) -> Fst:
    """Build L: phones to words, with silence between, and marks (#1, #2 ...) that tell homophones apart."""
    import kaldifst  # noqa: PLC0415

    spellings = [(word, spell(units)) for word in sorted(lexicon) for units in lexicon[word]]
    marked = _marked([phones for _, phones in spellings])
    silence_mark = PHONES + 2 + max(mark for _, mark in marked)
    fst = kaldifst.StdVectorFst()
    start, between, pausing, paused = (fst.add_state() for _ in range(4))
    fst.start = start
    fst.set_final(between, 0.0)

    def arc(source: int, target: int, phone: int, word: int, cost: float) -> None:
        fst.add_arc(source, kaldifst.StdArc(phone, word, cost, target))

    arc(start, between, 0, 0, -log(1 - _FIRST_PAUSE))
    arc(start, paused, SILENCE_PHONE, 0, -log(_FIRST_PAUSE))
    arc(pausing, paused, SILENCE_PHONE, 0, 0.0)
    arc(paused, between, silence_mark, 0, 0.0)
    for (word, _), (phones, mark) in zip(spellings, marked, strict=True):
        symbols = (*phones, PHONES + 1 + mark) if mark else phones
        state = between
        for index, symbol in enumerate(symbols):
            output = numbers[word] if index == 0 else 0
            if index < len(symbols) - 1:
                following = fst.add_state()
                arc(state, following, symbol, output, 0.0)
                state = following
            else:
                arc(state, between, symbol, output, -log(1 - _PAUSE))
                arc(state, pausing, symbol, output, -log(_PAUSE))
    kaldifst.arcsort(fst, "olabel")
    return fst


def _marked(spellings: Sequence[tuple[int, ...]]) -> list[tuple[tuple[int, ...], int]]:
    """Number the spellings that equal another or begin a longer one, each among its equals; 0 for the others."""
    how_many = Counter(spellings)
    beginnings = {phones[:length] for phones in how_many for length in range(1, len(phones))}
    seen: Counter[tuple[int, ...]] = Counter()
    marked: list[tuple[tuple[int, ...], int]] = []
    for phones in spellings:
        ambiguous = how_many[phones] > 1 or phones in beginnings
        seen[phones] += ambiguous
        marked.append((phones, seen[phones] if ambiguous else 0))
    return marked


def _expand(fst: Fst, costs: Durations) -> tuple[Fst, list[int]]:
    """Put transition-ids in the place of phones, with a self-loop wherever a phone has been entered (H).

    A state entered by one phone alone carries that phone's self-loop; otherwise a state is put in between for
    each phone. Marks become transition-ids above the real ones, and are given back.
    """
    import kaldifst  # noqa: PLC0415

    entered_by = _entered_by(fst)
    expanded = kaldifst.StdVectorFst()
    for _ in range(fst.num_states):
        expanded.add_state()
    expanded.start = fst.start
    between: dict[tuple[int, int], int] = {}
    marks: set[int] = set()

    def stay(state: int, phone: int) -> None:
        expanded.add_arc(state, kaldifst.StdArc(loop(phone), 0, costs.stay[unit_of(phone)], state))

    for state in range(fst.num_states):
        phones = entered_by[state]
        alone = next(iter(phones)) if len(phones) == 1 else 0
        if alone:
            stay(state, alone)
        final = float(fst.final(state).value)
        if final != _NO_PATH:
            expanded.set_final(state, final)
        for arc in kaldifst.ArcIterator(fst, state):
            symbol, cost, target = arc.ilabel, float(arc.weight.value), arc.nextstate
            if not 0 < symbol <= PHONES:
                mark = TRANSITIONS + symbol - PHONES if symbol else 0
                marks |= {mark} if mark else set()
                expanded.add_arc(state, kaldifst.StdArc(mark, arc.olabel, cost, target))
                continue
            if len(entered_by[target]) > 1:
                if (target, symbol) not in between:
                    middle = between[target, symbol] = expanded.add_state()
                    stay(middle, symbol)
                    expanded.add_arc(middle, kaldifst.StdArc(0, 0, 0.0, target))
                target = between[target, symbol]
            cost += costs.leave[unit_of(symbol)]
            expanded.add_arc(state, kaldifst.StdArc(leave(symbol), arc.olabel, cost, target))
    return expanded, sorted(marks)


def _entered_by(fst: Fst) -> list[set[int]]:
    """Give, for every state, the phones by which it is entered; 0 stands for anything that is no phone."""
    import kaldifst  # noqa: PLC0415

    entered: list[set[int]] = [set() for _ in range(fst.num_states)]
    for state in range(fst.num_states):
        for arc in kaldifst.ArcIterator(fst, state):
            entered[arc.nextstate].add(arc.ilabel if 0 < arc.ilabel <= PHONES else 0)
    entered[fst.start].add(0)
    return entered


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
