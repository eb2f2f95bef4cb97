"""What one side of a call heard: sound with the time it arrived, and keys pressed."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from asr.g711 import alaw_decode
from ivr.softphone.rtp import FRAME_BYTES, SAMPLE_RATE, RtpPacket

KEPT_FRAMES = 90_000  # half an hour; older sound is forgotten
_HALF = 1 << 15
_GAP = 3000  # RFC 3550 A.1, MAX_DROPOUT: a bigger jump is a restart, no loss


class Recording:
    """Received frames in the order they were sent; all times are the event loop's clock, in seconds."""

    def __init__(self) -> None:
        self.digits = ""  # keys heard as telephone events
        self.lost = 0  # frames that never came, by their sequence numbers
        self._at: list[float] = []
        self._frames: list[tuple[int, int, bytes]] = []  # (stream, extended sequence number, A-law)
        self._stream = 0
        self._ssrc: int | None = None
        self._highest = 0
        self._missing: set[int] = set()
        self._news: set[asyncio.Future[None]] = set()

    def accept(self, packet: RtpPacket, at: float) -> None:
        """Take one packet of sound that arrived at that time."""
        place = self._place(packet)
        if any(frame[:2] == place for frame in self._frames[-64:]):
            return  # it came twice
        self._at.append(at)
        self._frames.append((*place, packet.payload))
        if len(self._at) > 2 * KEPT_FRAMES:
            del self._at[:KEPT_FRAMES], self._frames[:KEPT_FRAMES]
        self._tell()

    def accept_key(self, packet: RtpPacket, digit: str) -> None:
        """Take one packet of a key press; `digit` is "" for those after its first."""
        self._place(packet)
        if digit:
            self.digits += digit
            self._tell()

    def _place(self, packet: RtpPacket) -> tuple[int, int]:
        """Return (stream, extended sequence number) as RFC 3550 A.1 does; counts what is missing."""
        if packet.ssrc != self._ssrc:  # a new sender: Asterisk changes it when it bridges
            self._stream += 1
            self._ssrc = packet.ssrc
            self._highest = packet.sequence - 1
            self._missing.clear()
        step = (packet.sequence - self._highest + _HALF) % (2 * _HALF) - _HALF
        place = self._highest + step
        if 0 < step <= _GAP:
            self._missing.update(range(self._highest + 1, place))
            self.lost += step - 1
        elif place in self._missing:  # late, yet not lost
            self._missing.discard(place)
            self.lost -= 1
        self._highest = max(self._highest, place)
        return self._stream, place

    def _tell(self) -> None:
        for waiter in self._news:
            if not waiter.done():
                waiter.set_result(None)
        self._news.clear()

    def arrivals(self, since: float = 0.0) -> tuple[float, ...]:
        """Return when each frame arrived."""
        return tuple(self._at[bisect_left(self._at, since) :])

    def alaw(self, since: float = 0.0, until: float = float("inf")) -> bytes:
        """Return the A-law bytes of the frames that arrived in that time."""
        chosen = self._frames[bisect_left(self._at, since) : bisect_left(self._at, until)]
        return b"".join(frame[2] for frame in sorted(chosen, key=lambda frame: frame[:2]))

    def pcm(self, since: float = 0.0, until: float = float("inf")) -> NDArray[np.int16]:
        """Return the samples (8000 a second) of the frames that arrived in that time."""
        return alaw_decode(self.alaw(since, until))

    def rms(self, since: float = 0.0, until: float = float("inf")) -> float:
        """Return the root mean square of those samples, 0..32767; 0 when there are none."""
        samples = self.pcm(since, until).astype(np.float64)
        return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0

    def has_tone(self, hertz: float, since: float = 0.0, until: float = float("inf")) -> bool:
        """Tell whether most of the sound's energy in some 100 ms of it is at that frequency (± 20 Hz)."""
        size = 5 * FRAME_BYTES
        samples = self.pcm(since, until).astype(np.float64)
        blocks = samples[: samples.size // size * size].reshape(-1, size)
        blocks = blocks[np.sqrt(np.mean(blocks**2, axis=1)) > 100] if blocks.size else blocks  # -50 dBFS
        if not blocks.size:
            return False
        power = np.abs(np.fft.rfft(blocks * np.hanning(size), axis=1)) ** 2
        near = np.abs(np.fft.rfftfreq(size, 1 / SAMPLE_RATE) - hertz) <= 20
        return bool((power[:, near].sum(axis=1) > power.sum(axis=1) / 2).any())

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait until the condition holds, looking again whenever something was heard. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                waiter = asyncio.get_running_loop().create_future()
                self._news.add(waiter)
                await waiter
