"""Forced alignment: finds out when each unit of a known text was said.

The Viterbi search over a chain of states: silence, then every unit's first frame and its later ones, with silence
between words where the net hears one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.units import first_pdf, later_pdf

_IMPOSSIBLE: Final = -1e30
_PAUSE_COST: Final = 3.0  # nats for every pause between words
_SILENCE: Final = 0
# A strange voice's soft sounds look like silence to the net and its breath like speech; loudness knows better.
_QUIET, _LOUD = 0.12, 0.35  # of the range from the clip's quietest to its loudest frames, in dB
_LOUD_SILENCE, _QUIET_SPEECH = -8.0, -2.0  # nats

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The units said, silence included, as (unit, first output frame), and the mean score a frame in nats."""

    units: tuple[tuple[int, int], ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Chain:
    """States with their pdf and place in the text (-1 silence), and for each the states before it, itself included."""

    pdfs: NDArray[np.int64]
    places: NDArray[np.int64]
    before: NDArray[np.int64]
    costs: Array
    starts: list[int]
    ends: list[int]


def align(likelihoods: Array, words: Sequence[Sequence[int]]) -> Alignment | None:
    """Align words of units with log likelihoods (output frames × pdfs); None when there are too few frames."""
    units = [unit for word in words for unit in word]
    if len(likelihoods) < len(units) + 2:
        return None
    chain = _chain(words)
    path, score = _viterbi(likelihoods[:, chain.pdfs], chain)
    found: list[tuple[int, int]] = []
    last = -2
    for frame, state in enumerate(path):
        place = int(chain.places[state])
        if place != last:
            found.append((units[place] if place >= 0 else _SILENCE, frame))
            last = place
    return Alignment(tuple(found), score / len(likelihoods))


def heed_loudness(likelihoods: Array, loudness: Array) -> Array:
    """Make silence unlikely in loud frames and speech in quiet ones; loudness in dB, one for each output frame."""
    low, high = np.percentile(loudness, [5, 95])
    level = (loudness - low) / max(high - low, 1e-6)
    heeded = likelihoods.copy()
    heeded[level > _LOUD, _SILENCE] += _LOUD_SILENCE
    heeded[level < _QUIET, 1:] += _QUIET_SPEECH
    return heeded


def _chain(words: Sequence[Sequence[int]]) -> _Chain:
    pdfs, places = [_SILENCE], [-1]
    before: list[list[int]] = [[0]]
    pauses: set[int] = set()
    starts, last = [0], [0]
    place = 0
    for number, word in enumerate(words):
        for unit in word:
            first = len(pdfs)
            pdfs += [first_pdf(unit), later_pdf(unit)]
            places += [place, place]
            before += [last, [first, first + 1]]
            if place == 0:
                starts.append(first)
            last = [first, first + 1]
            place += 1
        pause = len(pdfs)
        pdfs.append(_SILENCE)
        places.append(-1)
        before.append([*last, pause])
        if number < len(words) - 1:
            pauses.add(pause)
        last = [*last, pause]
    widest = max(map(len, before))
    table = np.full((len(pdfs), widest), len(pdfs))
    costs = np.zeros((len(pdfs), widest))
    for state, earlier in enumerate(before):
        table[state, : len(earlier)] = earlier
        if state in pauses:
            costs[state, : len(earlier) - 1] = _PAUSE_COST
    return _Chain(np.array(pdfs), np.array(places), table, costs, starts, last)


def _viterbi(likelihoods: Array, chain: _Chain) -> tuple[list[int], float]:
    """Give the best path of states and its score; likelihoods are frames × states."""
    frames, states = likelihoods.shape
    score = np.full(states + 1, _IMPOSSIBLE)  # the last is no state at all
    score[chain.starts] = likelihoods[0, chain.starts]
    back = np.zeros((frames, states), np.int64)
    rows = np.arange(states)
    for frame in range(1, frames):
        coming = score[chain.before] - chain.costs
        best = coming.argmax(axis=1)
        back[frame] = chain.before[rows, best]
        score[:states] = coming[rows, best] + likelihoods[frame]
    state = max(chain.ends, key=lambda end: score[end])
    total = float(score[state])
    path = [state]
    for frame in range(frames - 1, 0, -1):
        state = int(back[frame, state])
        path.append(state)
    return path[::-1], total
