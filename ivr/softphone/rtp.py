"""RTP packets as bytes and as values (RFC 3550 §5). Pure."""

import secrets
import struct
from dataclasses import dataclass

from ivr.softphone.errors import RtpParseError

FRAME_BYTES = 160  # 20 ms of G.711 at 8000 samples/s
FRAME_S = 0.02
SAMPLE_RATE = 8000
_HEADER = struct.Struct(">BBHII")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet; `timestamp` counts samples (1/8000 s), CSRCs and extensions are dropped."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def serialise(self) -> bytes:
        """Write the packet."""
        head = _HEADER.pack(
            0x80, self.marker << 7 | self.payload_type, self.sequence, self.timestamp, self.ssrc
        )
        return head + self.payload


def parse(data: bytes) -> RtpPacket:
    """Read one datagram. Raises RtpParseError for what is no RTP version 2 packet."""
    if len(data) < _HEADER.size or data[0] >> 6 != 2:
        raise RtpParseError(f"{len(data)} bytes that are no RTP 2 packet; dropped")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:  # an extension: 2 bytes of profile, 2 bytes of length in 32-bit words
        if len(data) < start + 4:
            raise RtpParseError("an RTP extension beyond the packet; dropped")
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data)
    if first & 0x20:  # padding: the last byte counts it, itself included
        end -= data[-1] or len(data)
    if start > end:
        raise RtpParseError("RTP headers or padding longer than the packet; dropped")
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(second & 0x80))


class Packetiser:
    """The outgoing stream's counters; random starts as RFC 3550 §5.1 asks."""

    def __init__(
        self, sequence: int | None = None, timestamp: int | None = None, ssrc: int | None = None
    ) -> None:
        self._sequence = secrets.randbits(15) if sequence is None else sequence
        self._ssrc = secrets.randbits(32) if ssrc is None else ssrc
        self.timestamp = secrets.randbits(31) if timestamp is None else timestamp

    def packet(
        self, payload_type: int, payload: bytes, at: int | None = None, *, marker: bool = False
    ) -> bytes:
        """Write the next packet; `at` is a timestamp other than now's (an event keeps that of its start)."""
        timestamp = self.timestamp if at is None else at
        packet = RtpPacket(payload_type, self._sequence, timestamp, self._ssrc, payload, marker)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return packet.serialise()

    def advance(self, samples: int = FRAME_BYTES) -> None:
        """Let time pass, whether or not something was sent."""
        self.timestamp = (self.timestamp + samples) & 0xFFFF_FFFF
