"""The sound of waiting: a slow, soft chime that may be repeated without end, made here by numbers.

A caller who hears nothing believes that the line is dead. The notes are quiet, so that one can still talk to
somebody beside the phone, and lie in the middle of the telephone band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ivr.prompts.wav import RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTH_S = 10.0
NOTES = (
    (0.0, 523.25),
    (1.25, 659.26),
    (2.5, 783.99),
    (3.75, 659.26),
    (5.0, 587.33),
    (6.25, 783.99),
    (7.5, 659.26),
)
"""Seconds at which a note begins, and its pitch in Hz: C5 E5 G5 E5 D5 G5 E5, then a rest."""
PARTIALS = ((1.0, 1.0), (2.0, 0.28), (3.01, 0.08))
"""Multiples of the pitch and their share; a bell's upper ones are slightly out of tune."""
PEAK = 0.1
"""Of full scale, -20 dB: well below a voice."""
_ATTACK_S, _DECAY_S = 0.02, 0.6


def waiting_music() -> NDArray[np.int16]:
    """One round: mono samples at 8 kHz. What rings beyond the end rings on at the beginning: no seam."""
    length = int(LENGTH_S * RATE_HZ)
    time = np.arange(2 * length) / RATE_HZ
    sound = np.zeros(2 * length)
    for begin, pitch in NOTES:
        since = np.clip(time - begin, 0.0, None)
        envelope = np.minimum(since / _ATTACK_S, 1.0) * np.exp(-since / _DECAY_S)
        for multiple, share in PARTIALS:
            sound += envelope * share * np.sin(2 * np.pi * pitch * multiple * since)
    once = sound[:length] + sound[length:]
    return np.asarray(np.round(once / np.max(np.abs(once)) * PEAK * 32767), dtype=np.int16)
