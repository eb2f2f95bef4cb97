"""Sounds that a test can recognise again."""

import numpy as np

from asr.g711 import alaw_encode


def tone(hertz: float, seconds: float, peak: float = 8000) -> bytes:
    """A sine as A-law."""
    at = np.arange(int(8000 * seconds)) / 8000
    return alaw_encode((peak * np.sin(2 * np.pi * hertz * at)).astype(np.int16))
