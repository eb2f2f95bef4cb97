"""Read a sound file into what a telephone line would carry: 8 kHz, one channel, 16 bits.

WAV of any rate, channels and width (integer 8 to 32 bits, float, A-law, µ-law, WAVE_FORMAT_EXTENSIBLE) and
raw A-law (`.al`, `.alaw`: what Asterisk records). The parser takes bytes and gives samples; `read_audio`
opens the file. Own parser, because the standard library's refuses float, A-law and (3.11) extensible files.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from asr.errors import AudioUnreadable
from asr.g711 import Samples, alaw_decode, ulaw_decode
from asr.recogniser import SAMPLE_RATE

ALAW_SUFFIXES = frozenset({".al", ".alaw"})
MAX_BYTES = 1 << 30  # of a file: 18 hours of telephone audio; a typing mistake should not fill the memory

# Format tags of Microsoft's mmreg.h.
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
_RATES = range(1000, 768_001)  # Hz
_CHANNELS = range(1, 65)


@dataclass(frozen=True, slots=True)
class _Format:
    """The part of a WAV header that says how to read the samples."""

    tag: int
    channels: int
    rate: int  # Hz
    bits: int  # of one sample's container


def read_audio(path: Path) -> Samples:
    """Return the file's sound as int16 samples at 8 kHz, channels averaged. Raises AudioUnreadable."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AudioUnreadable(f"{path} 超过 1 GiB，请先剪短（file too large）。")
        content = path.read_bytes()
    except OSError as error:
        raise AudioUnreadable(f"无法读取 {path}: {error.strerror}。请检查路径和权限。") from error
    if path.suffix.lower() in ALAW_SUFFIXES:
        return alaw_decode(content)
    try:
        return parse_wav(content)
    except AudioUnreadable as error:
        raise AudioUnreadable(f"{path}: {error}") from None


def parse_wav(content: bytes) -> Samples:
    """Return a WAV file's sound as int16 samples at 8 kHz, channels averaged. Raises AudioUnreadable."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise AudioUnreadable("不是 WAV 文件（no RIFF/WAVE header）。请先用 ffmpeg 或 sox 转成 WAV。")
    layout: _Format | None = None
    for name, body in _chunks(content):
        if name == b"fmt ":
            layout = _format(body)
        elif name == b"data":
            if layout is None:
                raise AudioUnreadable("WAV 文件缺少格式说明（data before fmt）。请重新导出该文件。")
            return _to_line(_samples(body, layout), layout.rate)
    raise AudioUnreadable("WAV 文件里没有声音（no data chunk）。请重新导出该文件。")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, body) of each RIFF chunk; a body that claims more than there is ends with the file.

    Streams written to a pipe have the size 0 or 0xFFFFFFFF in their data chunk: it, too, ends with the file.
    """
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        if name == b"data" and size == 0:
            size = len(content)
        yield name, content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2  # chunks begin at even offsets


def _format(body: bytes) -> _Format:
    """Read a `fmt ` chunk. Raises AudioUnreadable for what cannot be read."""
    if len(body) < 16:
        raise AudioUnreadable("WAV 文件的格式说明不完整（short fmt chunk）。请重新导出该文件。")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]  # the first two bytes of the sub-format's GUID
    readable = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64), _ALAW: (8,), _ULAW: (8,)}
    if tag not in readable:
        raise AudioUnreadable(f"WAV 编码 0x{tag:04X} 不支持。请先转成 PCM WAV（用 ffmpeg 或 sox）。")
    if bits not in readable[tag] or channels not in _CHANNELS or rate not in _RATES:
        raise AudioUnreadable(f"WAV 格式不合理：{rate} Hz, {channels} 声道，{bits} 位。请重新导出该文件。")
    return _Format(tag, channels, rate, bits)


def _samples(body: bytes, layout: _Format) -> npt.NDArray[np.float32]:
    """Return the mean of all channels on the scale of 16 bits (full scale = 32768)."""
    whole = len(body) // (layout.channels * layout.bits // 8)  # a torn last frame is left out
    body = body[: whole * layout.channels * layout.bits // 8]
    frames = _values(body, layout).reshape(whole, layout.channels)
    mean: npt.NDArray[np.float32] = frames.mean(axis=1, dtype=np.float64).astype(np.float32)
    return mean


def _values(body: bytes, layout: _Format) -> npt.NDArray[np.float32]:
    """Return all values of all channels in order, on the scale of 16 bits."""
    if layout.tag == _ALAW:
        return alaw_decode(body).astype(np.float32)
    if layout.tag == _ULAW:
        return ulaw_decode(body).astype(np.float32)
    if layout.tag == _FLOAT:
        wide = np.frombuffer(body, dtype=f"<f{layout.bits // 8}").astype(np.float64)
        return (np.clip(np.nan_to_num(wide), -1.0, 1.0) * 32768.0).astype(np.float32)
    if layout.bits == 8:  # the only unsigned one
        return (np.frombuffer(body, dtype=np.uint8).astype(np.float32) - 128.0) * 256.0
    if layout.bits == 24:
        padded = np.zeros((len(body) // 3, 4), dtype=np.uint8)
        padded[:, 1:] = np.frombuffer(body, dtype=np.uint8).reshape(-1, 3)
        return padded.view("<i4").reshape(-1).astype(np.float32) / 65536.0
    scale = 1.0 if layout.bits == 16 else 65536.0
    return np.frombuffer(body, dtype=f"<i{layout.bits // 8}").astype(np.float32) / np.float32(scale)


def _to_line(samples: npt.NDArray[np.float32], rate: int) -> Samples:
    """Bring samples at `rate` Hz to int16 at 8 kHz, limited where the filter overshoots."""
    if rate != SAMPLE_RATE and samples.size:
        samples = soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ")
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
