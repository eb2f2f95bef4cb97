"""What the caller hears: prompts cut into 20 ms frames, one after the other. No clock and no I/O here."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from ivr.audiosocket.errors import LocalProtocolError
from ivr.audiosocket.frames import FRAME_BYTES, FRAME_S, encode_audio

if TYPE_CHECKING:
    from collections.abc import Generator

SILENCE_FRAME = encode_audio(bytes(FRAME_BYTES))
"""Sent whenever nothing plays: Asterisk ends AudioSocket() after 2 s without a frame from either side."""


class Playback:
    """One prompt on its way to the caller. Await it: True when heard to its end, False when stopped."""

    __slots__ = ("_done", "_pcm", "_sent")

    def __init__(self, pcm: bytes) -> None:
        if len(pcm) % 2:
            raise LocalProtocolError(f"{len(pcm)} bytes are no whole number of 16-bit samples")
        self._pcm = pcm
        self._sent = 0
        self._done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[object, None, bool]:
        # Shielded: a waiter that is cancelled must not cancel the playing itself.
        return asyncio.shield(self._done).__await__()

    @property
    def position_s(self) -> float:
        """Seconds of the prompt handed to Asterisk so far."""
        return min(self._sent, len(self._pcm)) / FRAME_BYTES * FRAME_S

    @property
    def duration_s(self) -> float:
        """Length of the whole prompt in seconds."""
        return len(self._pcm) / FRAME_BYTES * FRAME_S

    @property
    def done(self) -> bool:
        """Whether it has been heard to its end or stopped."""
        return self._done.done()

    def stop(self) -> None:
        """Play no more of it, from the next 20 ms frame on (barge-in). Harmless when it is done."""
        if not self._done.done():
            self._done.set_result(False)

    def take(self) -> bytes | None:
        """The next 20 ms, the last ones filled up with silence; None when done. For the sender.

        It is done one frame after its last frame was taken: that one needs 20 ms to be heard.
        """
        if self._done.done():
            return None
        chunk = self._pcm[self._sent : self._sent + FRAME_BYTES]
        if not chunk:
            self._done.set_result(True)
            return None
        self._sent += FRAME_BYTES
        return chunk.ljust(FRAME_BYTES, b"\0")


class Playout:
    """The prompts of one call, in the order in which they were asked for."""

    __slots__ = ("_ended", "_waiting", "sounding")

    def __init__(self) -> None:
        self._waiting: deque[Playback] = deque()
        self.sounding = b""
        """The 20 ms that were taken last, as s16le; empty where that was silence."""
        self._ended = False

    def play(self, pcm: bytes) -> Playback:
        """Queue s16le mono 8 kHz audio behind what plays. On an ended call the playback is stopped already.

        Raises LocalProtocolError for half a sample.
        """
        playback = Playback(pcm)
        if self._ended:
            playback.stop()
        else:
            self._waiting.append(playback)
        return playback

    def next_frame(self) -> bytes:
        """The encoded frame for the next 20 ms: the prompt's or silence."""
        while self._waiting:
            self.sounding = self._waiting[0].take() or b""
            if self.sounding:
                return encode_audio(self.sounding)
            self._waiting.popleft()
        return SILENCE_FRAME

    def end(self) -> None:
        """Stop whatever plays or waits, for ever."""
        self._ended = True
        while self._waiting:
            self._waiting.popleft().stop()
