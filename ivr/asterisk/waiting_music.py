"""The sound of waiting: two soft bell tones and a pause, made here so that nobody's music is needed.

A caller who hears nothing believes that the line is dead and hangs up. The tones are quiet, far apart and in the
middle of the telephone band, so that one can still talk to somebody beside the phone.
"""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE_HZ = 8000
#: Seconds at which each tone begins, and its pitch in Hz (a falling third, E5 and C5).
TONES = ((0.0, 659.26), (0.6, 523.25))
LENGTH_S = 4.0
#: Of full scale; about -24 dBFS, well below a voice.
LOUDNESS = 0.06
_ATTACK_S = 0.015
_DECAY_S = 0.45


def samples() -> NDArray[np.int16]:
    """One round of the music: s16 mono samples at 8 kHz, fading out so that it can be repeated without a click."""
    time = np.arange(int(LENGTH_S * RATE_HZ)) / RATE_HZ
    sound = np.zeros_like(time)
    for begin, pitch in TONES:
        since = np.clip(time - begin, 0.0, None)
        envelope = np.minimum(since / _ATTACK_S, 1.0) * np.exp(-since / _DECAY_S)
        sound += envelope * (np.sin(2 * np.pi * pitch * since) + 0.3 * np.sin(4 * np.pi * pitch * since))
    sound *= np.clip((LENGTH_S - time) / 0.2, 0.0, 1.0)
    return np.asarray(np.round(sound / 1.3 * LOUDNESS * np.iinfo(np.int16).max), dtype=np.int16)


def write(path: Path) -> None:
    """Write the music as a wav file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples().astype("<i2").tobytes())
