"""Knocks on a telephone: a finger on the microphone, a hand set down, a drawer; no speech either."""

from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.features import SAMPLE_RATE

_LONGEST_S: Final = 0.25  # of one knock; by then it has died away

Signal = NDArray[np.float64]


def knocks(samples: int, rng: Random, noise: np.random.Generator) -> Signal:
    """Give groups of one to four knocks with pauses between; amplitude at most 1."""
    signal = np.zeros(samples)
    at = rng.uniform(0, 0.5)
    while at * SAMPLE_RATE < samples:
        gap = rng.uniform(0.08, 0.7)
        sounding = _random_knock(rng, noise)  # a group comes from one hand
        for _ in range(rng.randint(1, 4)):
            begin = int(at * SAMPLE_RATE)
            heard = sounding[: max(0, samples - begin)] * rng.uniform(0.5, 1.0)
            signal[begin : begin + len(heard)] += heard
            at += gap * rng.uniform(0.8, 1.2)
        at += rng.uniform(0.2, 2.0)
    return signal / max(1.0, float(np.max(np.abs(signal), initial=0.0)))


def _random_knock(rng: Random, noise: np.random.Generator) -> Signal:
    """Give a knock: a few resonances of what is struck, and a crackle, that die away within 2 to 30 ms."""
    time = np.arange(int(_LONGEST_S * SAMPLE_RATE)) / SAMPLE_RATE
    signal = noise.standard_normal(len(time)) * np.exp(-time / rng.uniform(0.001, 0.015)) * rng.uniform(0, 1)
    for _ in range(rng.randint(1, 3)):
        ringing = np.sin(2 * np.pi * rng.uniform(90, 3000) * time + rng.uniform(0, 6))
        signal += rng.uniform(0.3, 1) * ringing * np.exp(-time / rng.uniform(0.002, 0.03))
    return np.asarray(signal / (np.max(np.abs(signal)) + 1e-9), np.float64)
