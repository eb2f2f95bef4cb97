"""A client that behaves as `AudioSocket()` of Asterisk 22 does on the wire, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uuid

TONE = struct.pack("<160h", *((i * 97) % 20001 - 10000 for i in range(160)))
"""20 ms that is not silence."""


def frame(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack(">BH", kind, len(payload)) + payload


@dataclass
class AsteriskPeer:
    """Connect, say the UUID, then talk; what is received is kept with its time of arrival."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    audio: list[bytes] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    hung_up: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    closes_on_hangup: bool = True
    _task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls, port: int, call: uuid.UUID | None = None, *, reads: bool = True, closes_on_hangup: bool = True
    ) -> AsteriskPeer:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = cls(reader, writer, closes_on_hangup=closes_on_hangup)
        if call is not None:
            peer.send(frame(0x01, call.bytes))
        if reads:
            peer._task = asyncio.create_task(peer._read())
        return peer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def say(self, pcm: bytes = TONE) -> None:
        self.send(frame(0x10, pcm))

    def press(self, digit: str) -> None:
        self.send(frame(0x03, digit.encode()))

    def reset(self) -> None:
        """End by RST, as a crash does."""
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.writer.transport.abort()

    async def frames(self, count: int) -> list[bytes]:
        """The first `count` audio frames, when they have come."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.audio) >= count or self.ended.is_set())
        return self.audio[:count]

    async def gone(self) -> None:
        """Wait until the server has closed or hung up."""
        await self.ended.wait()

    async def close(self) -> None:
        self.writer.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def _read(self) -> None:
        try:
            while True:
                kind, length = struct.unpack(">BH", await self.reader.readexactly(3))
                payload = await self.reader.readexactly(length)
                if kind == 0x00:
                    self.hung_up = True
                    break
                assert kind == 0x10, f"Asterisk takes nothing but audio and hangup, not 0x{kind:02x}"
                async with self.arrived:
                    self.audio.append(payload)
                    self.at.append(time.monotonic())
                    self.arrived.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the server is gone: what this peer waits for
        finally:
            self.ended.set()
            async with self.arrived:
                self.arrived.notify_all()
        if self.closes_on_hangup:
            self.writer.close()
