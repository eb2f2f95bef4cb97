"""Pseudo-sentences: words and syllables that people spoke alone, put together into running speech of other voices.

Whole recorded sentences are taken too, one or two at a time. A sentence comes from one voice's recordings and is spoken
by one pseudo-speaker (`throat.py`).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from models.recipe.features import SAMPLE_RATE
from models.recipe.human.clips import RATE
from models.recipe.human.listening import AlignedClip
from models.recipe.human.throat import Throat, mean_pitch, random_throat, speak_with
from models.recipe.speech import Utterance
from models.recipe.units import GARBAGE, INDEX, INITIALS

_SILENCE: Final = 0
_INITIALS: Final = frozenset(INDEX[initial] for initial in INITIALS)
_LOUDNESS: Final = 2000.0
_GARBAGE_SHARE: Final = 0.02  # words learned as garbage
_AS_SPOKEN: Final = 0.15  # sentences that keep the voice they have
_SHUFFLED: Final = 0.5  # of recorded sentences: cut up and put together anew
_LONG_S: Final = 1.5  # of speech; longer clips are sentences, not words

Signal = NDArray[np.float64]
Units = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Speech without the silence around it, at RATE; units as (unit, first sample)."""

    samples: Signal
    units: Units


class Narrator:
    """Tells random pseudo-sentences; one seed, one stream of them."""

    def __init__(self, clips: Sequence[AlignedClip], rng: Random) -> None:
        """`clips`: at least one."""
        self._rng = rng
        self._pools: dict[str, list[AlignedClip]] = {}
        for clip in clips:
            self._pools.setdefault(clip.clip.pool, []).append(clip)
        self._pitch = {
            name: _pool_pitch(rng.sample(pool, min(8, len(pool)))) for name, pool in self._pools.items()
        }
        self._names = list(self._pools)
        self._weights = [sum(_length(clip) for clip in pool) for pool in self._pools.values()]

    def tell(self) -> Utterance:
        """Tell a sentence: samples at 8 kHz without a telephone line's faults, and units, silence at both ends."""
        rng = self._rng
        pool = rng.choices(self._names, self._weights)[0]
        pieces = [self._cut(rng.choice(self._pools[pool]))]
        alone = len(pieces[0].samples) < _LONG_S * RATE  # words; sentences are told whole, or in other pieces
        shuffled = not alone and rng.random() < _SHUFFLED
        if shuffled:
            pieces = [self._part(pieces[0])]
        for _ in range(rng.randint(0, 9) if alone else rng.randint(1, 4) if shuffled else rng.randint(0, 1)):
            piece = self._cut(rng.choice(self._pools[pool]))
            if (len(piece.samples) < _LONG_S * RATE) == alone:
                pieces.append(self._part(piece) if shuffled else piece)
        throat = Throat() if rng.random() < _AS_SPOKEN else random_throat(rng, self._pitch[pool])
        joined = join(pieces, rng)
        moments, moved = hurry(
            joined, rng.uniform(1.0, 2.2) if alone else rng.uniform(0.8, 1.35), rng, alone=alone
        )
        spoken = speak_with(joined.samples, throat, moments, moved)
        starts = np.interp([at for _, at in joined.units], moments, moved)
        units = [(unit, round(at)) for (unit, _), at in zip(joined.units, starts, strict=True)]
        return self._on_the_phone(spoken, units)

    def _cut(self, aligned: AlignedClip) -> _Piece:
        """Cut a clip to its speech, with a little of what is around it."""
        rng = self._rng
        samples = aligned.clip.samples.astype(np.float64)
        units = list(aligned.units)
        first = next(at for unit, at in units if unit != _SILENCE)
        last = units[-1][1] if units[-1][0] == _SILENCE else len(samples)
        begin = max(0, first - int(rng.uniform(0.01, 0.05) * RATE))
        end = min(len(samples), last + int(rng.uniform(0.0, 0.05) * RATE))
        kept = [(unit, at - begin) for unit, at in units if begin <= at < end]
        if kept[0][1] > 0:
            kept.insert(0, (_SILENCE, 0))
        if rng.random() < _GARBAGE_SHARE:
            kept = [*kept[:1], (INDEX[GARBAGE], kept[1][1]), *([kept[-1]] if kept[-1][0] == _SILENCE else [])]
        return _Piece(samples[begin:end], kept)

    def _part(self, piece: _Piece) -> _Piece:
        """Cut two to eight syllables out of a sentence, that the net may not learn the sentence."""
        starts = [at for place, (_, at) in enumerate(piece.units) if self._begins(piece.units, place)]
        if len(starts) <= 2:
            return piece
        first = self._rng.randrange(len(starts) - 2)
        last = min(len(starts) - 1, first + self._rng.randint(2, 8))
        begin, end = starts[first], starts[last]
        kept = [(unit, at - begin) for unit, at in piece.units if begin <= at < end]
        return _Piece(piece.samples[begin:end], kept)

    @staticmethod
    def _begins(units: Units, place: int) -> bool:
        """Tell whether a syllable begins here: an initial, or a final after another."""
        unit = units[place][0]
        after = units[place - 1][0] if place else _SILENCE
        return unit != _SILENCE and (unit in _INITIALS or after not in _INITIALS)

    def _on_the_phone(self, samples: Signal, units: Units) -> Utterance:
        """Bring speech to 8 kHz, with silence around it."""
        before = int(self._rng.uniform(0.05, 0.7) * SAMPLE_RATE)
        after = int(self._rng.uniform(0.1, 0.7) * SAMPLE_RATE)
        narrow = soxr.resample(samples, RATE, SAMPLE_RATE)
        moved = [(unit, before + at * SAMPLE_RATE // RATE) for unit, at in units]
        if moved[-1][0] != _SILENCE:
            moved.append((_SILENCE, before + len(narrow)))
        if moved[0][0] == _SILENCE:
            moved = moved[1:]
        return Utterance(np.concatenate([np.zeros(before), narrow, np.zeros(after)]), ((_SILENCE, 0), *moved))


def join(pieces: Sequence[_Piece], rng: Random) -> _Piece:
    """Put pieces together with short cross-fades or, now and then, a pause; each a little louder or softer."""
    samples = np.zeros(0)
    units: Units = []
    pausing = rng.choice((0.0, 0.0, 0.1, 0.5))
    for piece in pieces:
        loudness = np.sqrt(np.mean(piece.samples**2)) + 1e-6
        sound = piece.samples / loudness * _LOUDNESS * 10 ** (rng.uniform(-3, 3) / 20)
        added = piece.units
        if len(samples) and rng.random() < pausing:
            samples = np.concatenate([samples, np.zeros(int(rng.uniform(0.03, 0.4) * RATE))])
        elif len(samples):
            fade = min(int(rng.uniform(0.005, 0.04) * RATE), len(sound) // 4, len(samples) // 4)
            slope = np.linspace(0, 1, fade)
            samples[len(samples) - fade :] = (
                samples[len(samples) - fade :] * (1 - slope) + sound[:fade] * slope
            )
            sound = sound[fade:]
            added = [(unit, max(0, at - fade)) for unit, at in added]
            if units and units[-1][0] == _SILENCE:  # no silence is heard at such a joint
                units.pop()
            if added[0][0] == _SILENCE:
                added = added[1:]
        start = len(samples)
        samples = np.concatenate([samples, sound])
        units += [(unit, at + start) for unit, at in added]
    return _Piece(samples, units)


def hurry(piece: _Piece, tempo: float, rng: Random, *, alone: bool) -> tuple[Signal, Signal]:
    """Give moments of a piece and where they come to lie when it is spoken `tempo` times as fast.

    Sounds of words spoken alone do not shrink alike: in running speech vowels are half as long, consonants three
    quarters. Every sound varies a little beside.
    """
    moments = [0.0, *(at for _, at in piece.units if at > 0), float(len(piece.samples))]
    kinds = [unit for unit, at in piece.units if at > 0]
    kinds = [_SILENCE if piece.units[0][1] > 0 else piece.units[0][0], *kinds]
    moved = [0.0]
    for kind, (begin, end) in zip(kinds, itertools.pairwise(moments), strict=True):
        factor = tempo * rng.uniform(0.85, 1.18)
        if alone and kind in _INITIALS:
            factor = max(1.0, 0.75 * factor)
        moved.append(moved[-1] + (end - begin) / factor)
    return np.array(moments), np.array(moved)


def _length(aligned: AlignedClip) -> int:
    return len(aligned.clip.samples)


def _pool_pitch(clips: Sequence[AlignedClip]) -> float:
    found = [mean_pitch(clip.clip.samples.astype(np.float64)) for clip in clips]
    voiced = [hertz for hertz in found if hertz]
    return float(np.median(voiced)) if voiced else 200.0
