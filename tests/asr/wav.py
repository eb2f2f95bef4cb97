"""Write WAV files byte by byte, as other people's programs do."""

import struct

PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


def chunk(name: bytes, body: bytes) -> bytes:
    """One RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def format_chunk(tag: int, channels: int, rate: int, bits: int, *, sub: int | None = None) -> bytes:
    """A `fmt ` chunk; `sub` makes it WAVE_FORMAT_EXTENSIBLE with that sub-format."""
    frame = channels * bits // 8
    body = struct.pack("<HHIIHH", tag, channels, rate, rate * frame % 2**32, frame % 2**16, bits)
    if sub is not None:
        body += struct.pack("<HHIH", 22, bits, 0, sub) + bytes.fromhex("000000001000800000aa00389b71")
    return chunk(b"fmt ", body)


def riff(*chunks: bytes) -> bytes:
    """A whole file of these chunks."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav(data: bytes, *, tag: int = PCM, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    """A plain WAV file."""
    return riff(format_chunk(tag, channels, rate, bits), chunk(b"data", data))
