"""WAV files to telephone audio: whatever a studio delivers becomes s16 mono at 8 kHz.

Python's own `wave` module (3.11) refuses floating point and the "extensible" header that most studio software
writes for 24 bits; so the few chunks that matter are read here.
"""

from __future__ import annotations

import struct
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soxr

from ivr.prompts.errors import PromptUnreadable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE_HZ = 8000
"""What AudioSocket() plays."""
MAX_S = 60.0
"""Longest recording taken, in seconds: law 2, nobody waits for a computer."""
MAX_FILE_BYTES = 32 * 1024 * 1024
"""Not read if larger: 60 s of 48 kHz stereo in 32 bits is 23 MB."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


@dataclass(frozen=True, slots=True)
class _Format:
    """The `fmt ` chunk: coding (1 integer, 3 floating point), channels, samples a second, bytes a sample."""

    coding: int
    channels: int
    rate_hz: int
    width: int


def read_wav(path: Path) -> NDArray[np.int16]:
    """The recording as mono samples at 8 kHz. Raises PromptUnreadable, which says what to save instead."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise PromptUnreadable(
                f"{path}: {size} bytes are too many; save at most {MAX_S:.0f} s of mono sound"
            )
        return decode_wav(path.read_bytes())
    except OSError as error:
        raise PromptUnreadable(f"{path} cannot be read: {error}") from error
    except ValueError as error:
        raise PromptUnreadable(f"{path}: {error}; save it as WAV, PCM 16 bit, mono") from error


def decode_wav(content: bytes) -> NDArray[np.int16]:
    """Mono samples at 8 kHz from the bytes of a WAV file. Raises ValueError for anything else."""
    form, data = _chunks(content)
    samples = _samples(form, data)
    if len(samples) > MAX_S * form.rate_hz:
        raise ValueError(f"{len(samples) / form.rate_hz:.0f} s are too long, {MAX_S:.0f} s are the limit")
    if form.rate_hz != RATE_HZ:
        samples = soxr.resample(samples, form.rate_hz, RATE_HZ)
    if not len(samples):
        raise ValueError("there is no sound in it")
    # Resampling may overshoot full scale a little; wrapping round would be a loud click.
    return np.asarray(np.clip(np.round(samples * 32768.0), -32768, 32767), dtype=np.int16)


def write_wav(path: Path, samples: NDArray[np.int16]) -> None:
    """Write mono samples at 8 kHz as a 16-bit WAV file, which Asterisk plays as well."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())


def _chunks(content: bytes) -> tuple[_Format, bytes]:
    """The format and the sound of a RIFF file."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError("it is no WAV file")
    form: _Format | None = None
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = _format(body)
        elif name == b"data":
            if form is None:
                raise ValueError("its sound comes before its format")
            # A file that was cut short, or streamed with a size of "unknown", still has what it has.
            return form, body
        at += 8 + size + size % 2
    raise ValueError("it holds no sound")


def _format(body: bytes) -> _Format:
    if len(body) < 16:
        raise ValueError("its format is cut short")
    coding, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if coding == _EXTENSIBLE and len(body) >= 26:
        (coding,) = struct.unpack_from("<H", body, 24)
    if (coding, bits) not in {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}:
        raise ValueError(f"its coding {coding} with {bits} bits is not known here")
    if not 1 <= channels <= 8:
        raise ValueError(f"it has {channels} channels")
    if not 4000 <= rate_hz <= 192_000:
        raise ValueError(f"its rate of {rate_hz} Hz is out of range")
    return _Format(coding, channels, rate_hz, bits // 8)


def _samples(form: _Format, data: bytes) -> NDArray[np.float64]:
    """Mono samples from -1 to 1 at the file's own rate."""
    whole = len(data) - len(data) % (form.width * form.channels)
    raw = np.frombuffer(data[:whole], dtype=np.uint8)
    if form.coding == _FLOAT:
        values = raw.view(f"<f{form.width}").astype(np.float64)
        if not np.all(np.isfinite(values)):
            raise ValueError("it holds samples that are no numbers")
        values = np.clip(values, -1.0, 1.0)
    elif form.width == 1:
        values = (raw.astype(np.float64) - 128) / 128
    else:
        # Into the high bytes of 32-bit integers: the sign comes right by itself, for 24 bits too.
        wide = np.zeros((len(raw) // form.width, 4), dtype=np.uint8)
        wide[:, 4 - form.width :] = raw.reshape(-1, form.width)
        values = wide.view("<i4").reshape(-1) / 2.0**31
    return np.asarray(values.reshape(-1, form.channels).mean(axis=1), dtype=np.float64)
