"""The language model: a trigram with back-off over the trade's sentences, on a base of frequent words.

Estimated by absolute discounting with interpolation (Ney, Essen and Kneser 1994). Every history leaves at
least `_LEAST_FREE` of its mass to the shorter one, since callers say more than templates do.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from models.recipe.word_counts import BEGIN, END, count

_DISCOUNT: Final = 0.5
_LEAST_FREE: Final = 0.2
_GENERIC_SHARE: Final = 0.3
_GENERIC_POWER: Final = 0.75  # flattens the frequencies of ordinary words
_FLOOR: Final = 1e-8
_RARELY_TWO: Final = 2  # word pairs seen less often are left out; a phrase is said `corpus._TIMES` times
_RARELY_THREE: Final = 4

Follow = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Arc:
    """From one history to the next by a word; `word` None backs off. Costs are negative natural logarithms."""

    source: int
    target: int
    word: str | None
    cost: float


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A back-off model as an automaton: state 0 is the empty history."""

    states: int
    start: int
    arcs: tuple[Arc, ...]
    finals: tuple[tuple[int, float], ...]


def estimate(
    sentences: Iterable[Sequence[str]], generic: Mapping[str, int], vocabulary: frozenset[str]
) -> LanguageModel:
    """Estimate from sentences of words; `generic` are frequencies of ordinary words."""
    counts = count(sentences, vocabulary)
    ones = _unigrams(counts.words, generic, vocabulary)
    twos: dict[str, tuple[dict[str, float], float]] = {}
    for history, following in counts.pairs.items():
        kept = {word: number for word, number in following.items() if number >= _RARELY_TWO}
        if kept:
            twos[history] = _discounted(kept, following.total(), ones)
    threes: dict[tuple[str, str], tuple[dict[str, float], float]] = {}
    for (first, second), following in counts.triples.items():
        if first not in twos or second not in twos or second not in twos[first][0]:
            continue
        lower = twos[second][0]
        kept = {word: n for word, n in following.items() if n >= _RARELY_THREE and word in lower}
        if kept:
            threes[first, second] = _discounted(kept, following.total(), lower)
    return _automaton(ones, twos, threes)


def _unigrams(
    words: Counter[str], generic: Mapping[str, int], vocabulary: frozenset[str]
) -> dict[str, float]:
    mass = sum(generic.get(word, 0) ** _GENERIC_POWER for word in vocabulary) or 1.0
    total = words.total()
    ones = {
        word: max(
            (1 - _GENERIC_SHARE) * words[word] / total
            + _GENERIC_SHARE * generic.get(word, 0) ** _GENERIC_POWER / mass,
            _FLOOR,
        )
        for word in sorted(vocabulary)
    }
    return {**ones, END: (1 - _GENERIC_SHARE) * words[END] / total}


def _discounted(kept: Mapping[str, int], total: int, lower: Follow) -> tuple[dict[str, float], float]:
    """Give the probabilities after a history, and the weight of the shorter history for other words."""
    known = sum(number - _DISCOUNT for number in kept.values()) / total
    free = max(1 - known, _LEAST_FREE)
    scale = (1 - free) / known
    found = {
        word: (number - _DISCOUNT) / total * scale + free * lower[word]
        for word, number in sorted(kept.items())
    }
    unseen = max(1e-6, 1 - sum(lower[word] for word in found))
    return found, max(1e-6, 1 - sum(found.values())) / unseen


def _automaton(
    ones: Follow,
    twos: Mapping[str, tuple[dict[str, float], float]],
    threes: Mapping[tuple[str, str], tuple[dict[str, float], float]],
) -> LanguageModel:
    """Lay the model out as states and arcs."""
    numbers: dict[tuple[str, ...], int] = {(): 0}

    def state(history: tuple[str, ...]) -> int:
        return numbers.setdefault(history, len(numbers))

    def target(history: tuple[str, ...], word: str) -> int:
        if len(history) > 0 and (history[-1], word) in threes:
            return state((history[-1], word))
        return state((word,)) if word in twos else 0

    arcs: list[Arc] = []
    finals: list[tuple[int, float]] = []

    def follow(history: tuple[str, ...], words: Follow) -> None:
        for word, share in words.items():
            if word == END:
                finals.append((state(history), -log(share)))
            else:
                arcs.append(Arc(state(history), target(history, word), word, -log(share)))

    start = state((BEGIN,)) if BEGIN in twos else 0
    follow((), ones)
    for one, (words, weight) in twos.items():
        follow((one,), words)
        arcs.append(Arc(state((one,)), 0, None, -log(weight)))
    for pair, (words, weight) in threes.items():
        follow(pair, words)
        arcs.append(Arc(state(pair), state((pair[1],)), None, -log(weight)))
    return LanguageModel(len(numbers), start, tuple(arcs), tuple(finals))
