"""WAV files as studios deliver them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def wav(  # one argument a field of the format
    values: NDArray[np.float64],
    *,
    rate: int = 8000,
    bits: int = 16,
    coding: int = 1,
    extensible: bool = False,
) -> bytes:
    """A WAV file of samples between -1 and 1; one column a channel."""
    channels = values.shape[1] if values.ndim == 2 else 1
    flat = values.reshape(-1)
    if coding == 3:
        data = flat.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = (np.round(flat * 127) + 128).astype(np.uint8).tobytes()
    else:
        wide = np.round(flat * (2 ** (bits - 1) - 1)).astype("<i8")
        data = wide.view(np.uint8).reshape(-1, 8)[:, : bits // 8].tobytes()
    block = channels * bits // 8
    tag = 0xFFFE if extensible else coding
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    if extensible:
        guid_tail = bytes.fromhex("000000001000800000aa00389b71")
        form += struct.pack("<HHIH", 22, bits, 0, coding) + guid_tail
    return riff(chunk(b"fmt ", form) + chunk(b"data", data))


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def sine(seconds: float, rate: int = 8000, hz: float = 440.0, peak: float = 0.5) -> NDArray[np.float64]:
    return np.asarray(peak * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate), dtype=np.float64)
