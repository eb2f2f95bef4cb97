"""G.711 A-law, the companded code of telephone lines, as numpy tables.

`audioop` is deprecated (PEP 594), and a table look-up over an array is as fast. Values follow ITU-T G.711
(11/1988), tables 1a/1b, scaled to 16 bits the way every VoIP stack does.
"""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

SILENCE_ALAW = 0xD5  # the code of the smallest positive value: what an idle A-law line carries


def _alaw_table() -> Samples:
    """Return the 16-bit value of each of the 256 A-law codes."""
    code = np.arange(256, dtype=np.int32) ^ 0x55  # even bits are inverted on the line (table 1a, note 2)
    segment = (code >> 4) & 0x07
    step = ((code & 0x0F) << 4) + 8  # the middle of the interval
    magnitude = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _alaw_codes() -> npt.NDArray[np.uint8]:
    """Return the A-law code of each 16-bit value, indexed by value + 32768.

    G.711's decision levels lie at multiples of 16 (of 16-bit scale); a value on the boundary belongs to the
    interval further from zero, and negative values mirror positive ones shifted by one (-1 pairs with 0).
    """
    value = np.arange(-32768, 32768, dtype=np.int32)
    magnitude = np.where(value < 0, -value - 1, value)
    segment = np.zeros_like(magnitude)
    for threshold in (1 << shift for shift in range(8, 15)):  # 256, 512 … 16384: where each segment begins
        segment += magnitude >= threshold
    step = (magnitude >> np.where(segment == 0, 4, segment + 3)) & 0x0F
    code = (segment << 4) | step | np.where(value < 0, 0, 0x80)
    return (code ^ 0x55).astype(np.uint8)


_ALAW = _alaw_table()
_ALAW_CODES = _alaw_codes()
for _table in (_ALAW, _ALAW_CODES):
    _table.setflags(write=False)  # constants: shared by every call


def alaw_decode(codes: bytes) -> Samples:
    """Turn A-law codes (one byte a sample) into 16-bit samples."""
    return _ALAW[np.frombuffer(codes, dtype=np.uint8)]


def alaw_encode(samples: Samples) -> bytes:
    """Turn 16-bit samples into A-law codes (one byte a sample)."""
    return _ALAW_CODES[samples.astype(np.int32) + 32768].tobytes()
