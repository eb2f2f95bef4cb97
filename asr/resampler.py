"""Bring a telephone's 8 kHz to the rate of a wide-band model, piece by piece, with no click at the seams."""

import numpy as np
import soxr

from asr.recogniser import SAMPLE_RATE


class Resampler:
    """One call's way from 8 kHz to `rate` Hz (s16le both); soxr, quality HQ: flat to 3.4 kHz, images -110 dB.

    The filter works in blocks: what it holds back is at most 0.12 s (measured with 20 ms pieces), and `flush`
    gives it out. Times are not shifted: the first sample out stands for the first sample in.
    """

    def __init__(self, rate: int) -> None:
        self._stream = soxr.ResampleStream(SAMPLE_RATE, rate, 1, dtype="int16", quality="HQ")

    def push(self, pcm: bytes) -> bytes:
        """Take whole samples at 8 kHz, return what is ready at the new rate (possibly nothing)."""
        return self._chunk(pcm, last=False)

    def flush(self) -> bytes:
        """Return what the filter still holds; nothing may be pushed after it."""
        return self._chunk(b"", last=True)

    def _chunk(self, pcm: bytes, *, last: bool) -> bytes:
        resampled = self._stream.resample_chunk(np.frombuffer(pcm, dtype="<i2"), last=last)
        return bytes(np.asarray(resampled, dtype="<i2").tobytes())


def resampler_for(model_rate: int) -> Resampler | None:
    """Return the resampler that a model of `model_rate` Hz needs; None for one that takes 8 kHz as it is."""
    return None if model_rate == SAMPLE_RATE else Resampler(model_rate)
