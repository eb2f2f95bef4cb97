"""Keys pressed during a call, as RTP telephone events (RFC 4733). Pure."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.softphone.errors import RtpParseError
from ivr.softphone.rtp import FRAME_BYTES

DIGITS = "0123456789*#ABCD"  # RFC 4733 §3.2, in the order of the event codes
PRESS_FRAMES = 5  # 100 ms; Q.24 asks for at least 40 ms
GAP_FRAMES = 5  # 100 ms between two keys; Q.24 asks for at least 40 ms
END_PACKETS = 3  # RFC 4733 §2.5.1.4: the last packet is sent three times
VOLUME = 10  # -10 dBm0, a usual telephone's
_EVENT = struct.Struct(">BBH")


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One event packet's payload; `duration` counts samples since the event's own timestamp."""

    code: int
    duration: int
    end: bool = False
    volume: int = VOLUME

    def serialise(self) -> bytes:
        """Write the four bytes."""
        return _EVENT.pack(self.code, self.end << 7 | self.volume, self.duration)

    @property
    def digit(self) -> str:
        """The key, "" for an event that is none (a flash, a fax tone)."""
        return DIGITS[self.code] if self.code < len(DIGITS) else ""


def parse(payload: bytes) -> KeyEvent:
    """Read a payload. Raises RtpParseError when it is too short."""
    if len(payload) < _EVENT.size:
        raise RtpParseError(f"{len(payload)} bytes are no telephone event; dropped")
    code, flags, duration = _EVENT.unpack_from(payload)
    return KeyEvent(code, duration, bool(flags & 0x80), flags & 0x3F)


def press(digit: str) -> Iterator[KeyEvent]:
    """Give one event a 20 ms tick for one press of a key. Raises ValueError for what is no key."""
    code = DIGITS.find(digit.upper())
    if len(digit) != 1 or code < 0:
        raise ValueError(f"{digit!r} is no telephone key; keys are {DIGITS}")
    held = [KeyEvent(code, FRAME_BYTES * frame) for frame in range(1, PRESS_FRAMES)]
    return iter(held + [KeyEvent(code, FRAME_BYTES * PRESS_FRAMES, end=True)] * END_PACKETS)


class KeyReceiver:
    """Hears each press once, whatever is lost or repeated: all packets of one press share a timestamp."""

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None

    def accept(self, ssrc: int, timestamp: int, event: KeyEvent) -> str:
        """Return the key at the first packet of its press, "" for the others."""
        if (ssrc, timestamp) == self._last:
            return ""
        self._last = (ssrc, timestamp)
        return event.digit
