"""A caller's line: the Asterisk side of AudioSocket with somebody at the telephone, 20 ms a frame, in real time."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque

from tests.ivr.audiosocket.asterisk_peer import AsteriskPeer, frame

FRAME_S = 0.02
FRAME_BYTES = 320
SILENCE = bytes(FRAME_BYTES)


class Line:
    """Sends silence whenever the caller says nothing, as a telephone without DTX does."""

    def __init__(self, peer: AsteriskPeer) -> None:
        self.peer = peer
        self.spoken = asyncio.Event()
        """Set when everything that was to be said has been said."""
        self.sends = True
        """False: no frames at all, as with DTX."""
        self._to_say: deque[bytes] = deque()
        self._task = asyncio.create_task(self._send())

    @classmethod
    async def join(cls, port: int, call: uuid.UUID) -> Line:
        return cls(await AsteriskPeer.connect(port, call))

    def say(self, *sounds: bytes) -> None:
        pcm = b"".join(sounds)
        self._to_say.extend(
            pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0") for at in range(0, len(pcm), FRAME_BYTES)
        )
        self.spoken.clear()

    def press(self, digit: str) -> None:
        self.peer.press(digit)

    def hang_up(self) -> None:
        self._task.cancel()
        self.peer.send(frame(0x00))

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.peer.close()

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self.peer.ended.is_set():
            if self.sends:
                self.peer.say(self._to_say.popleft() if self._to_say else SILENCE)
                if not self._to_say:
                    self.spoken.set()
            due += FRAME_S
            await asyncio.sleep(due - loop.time())


def silence(seconds: float) -> bytes:
    return SILENCE * round(seconds / FRAME_S)
