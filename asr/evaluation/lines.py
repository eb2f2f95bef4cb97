"""The telephone lines on which a model is tried: what is done to a recording before it is heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from asr.g711 import Samples, alaw_decode, alaw_encode


@dataclass(frozen=True, slots=True)
class Line:
    """A line's name and what it does to samples; the generator makes its noise the same in every run."""

    name: str
    carry: Callable[[Samples, np.random.Generator], Samples]


def _clean(samples: Samples, _: np.random.Generator) -> Samples:
    return samples


def _alaw(samples: Samples, _: np.random.Generator) -> Samples:
    return alaw_decode(alaw_encode(samples))


def noisy(ratio_db: float) -> Callable[[Samples, np.random.Generator], Samples]:
    """White noise, so many dB below the mean power of the whole recording, then A-law."""

    def carry(samples: Samples, chance: np.random.Generator) -> Samples:
        wide = samples.astype(np.float64)
        level = np.sqrt(np.mean(wide**2)) * 10 ** (-ratio_db / 20) if len(wide) else 0.0
        mixed = wide + chance.normal(0.0, 1.0, len(wide)) * level
        return _alaw(np.clip(np.rint(mixed), -32768, 32767).astype(np.int16), chance)

    return carry


LINES = (
    Line("clean", _clean),
    Line("A-law", _alaw),
    Line("20 dB", noisy(20)),
    Line("10 dB", noisy(10)),
    Line("5 dB", noisy(5)),
)
