"""The pulse between a node and its parent.

The node's event loop writes one byte every BEAT_S into a pipe. A node that is killed closes the pipe; one that is
frozen (SIGSTOP, a stuck loop) falls silent, and Asterisk would never notice: its callers keep sending audio. So the
parent listens, and kills a node that has been silent too long: the kernel then closes its connections and the
dialplan brings every caller to police.
"""

from __future__ import annotations

import asyncio
import os

BEAT_S = 0.2
READY = b"R"
BEAT = b"."


async def beat(fd: int) -> None:
    """Say that we are ready, then that we live, until cancelled or until the parent is gone (BrokenPipeError)."""
    os.write(fd, READY)
    while True:
        await asyncio.sleep(BEAT_S)  # the pulse itself
        os.write(fd, BEAT)


class Pulse:
    """The parent's side: knows when the last beat came."""

    def __init__(self, fd: int) -> None:
        """`fd` is the pipe's reading end; from now on it belongs to this object."""
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self.ready = asyncio.Event()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    @property
    def silent_s(self) -> float:
        """Seconds since the last beat."""
        return self._loop.time() - self._last

    def close(self) -> None:
        """Stop listening."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> None:
        data = os.read(self._fd, 4096)
        if not data:  # the node has ended, which its parent learns from the process itself
            self._loop.remove_reader(self._fd)
            return
        self._last = self._loop.time()
        if READY in data:
            self.ready.set()
