"""Tones of the telephone network, which are no speech: call progress and keys."""

from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SAMPLE_RATE: Final = 8000
# GF 002-9002.1 (Chinese local networks): 450 Hz in every tone; on and off times in seconds.
_PROGRESS_HZ: Final = 450.0
_CADENCES: Final = (
    (1.0, 0.0),  # dial tone
    (0.35, 0.35),  # busy
    (0.7, 0.7),  # congestion
    (1.0, 4.0),  # ring back
    (0.4, 0.04),  # special dial tone
)
# ITU-T Q.23: every key is one low and one high tone.
_LOW_HZ: Final = (697.0, 770.0, 852.0, 941.0)
_HIGH_HZ: Final = (1209.0, 1336.0, 1477.0, 1633.0)


def call_progress(samples: int, rng: Random) -> NDArray[np.float64]:
    """Give a call-progress tone with its cadence, begun anywhere in it; amplitude 1."""
    on, off = rng.choice(_CADENCES)
    hertz = _PROGRESS_HZ * rng.uniform(0.97, 1.03)  # some exchanges are not exact
    time = np.arange(samples) / _SAMPLE_RATE + rng.uniform(0, on + off)
    sounding = np.mod(time, on + off) < on
    tone: NDArray[np.float64] = np.sin(2 * np.pi * hertz * time) * sounding
    return tone


def dtmf(samples: int, rng: Random) -> NDArray[np.float64]:
    """Give a string of keys: 60 to 300 ms each with gaps of 50 to 400 ms; amplitude at most 1."""
    signal = np.zeros(samples)
    at = 0
    while at < samples:
        length = min(int(rng.uniform(0.06, 0.3) * _SAMPLE_RATE), samples - at)
        time = np.arange(length) / _SAMPLE_RATE
        low, high = rng.choice(_LOW_HZ), rng.choice(_HIGH_HZ)
        signal[at : at + length] = 0.5 * (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time))
        at += length + int(rng.uniform(0.05, 0.4) * _SAMPLE_RATE)
    return signal
