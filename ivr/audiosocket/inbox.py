"""What came from the caller and waits for the call's task: bounded, and never losing anything silently."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from ivr.audiosocket.errors import AudioSocketError, EventsLost
from ivr.audiosocket.frames import Audio, HungUp, Key, RemoteError

CallEvent: TypeAlias = Audio | Key | RemoteError | HungUp
"""What a session gives to the call's task."""

CAPACITY = 250
"""Events that may wait: 5 s of audio. Whoever is further behind than that no longer follows the caller."""


@dataclass(slots=True)
class _Gap:
    """The place in the stream where `count` events were dropped."""

    count: int


class Inbox:
    """A bounded queue of events with one reader and an end."""

    __slots__ = ("_capacity", "_ended", "_ending", "_items", "_reader", "lost")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._items: deque[CallEvent | _Gap] = deque()
        self._ended = False
        self._ending: HungUp | AudioSocketError | None = None
        self._reader: asyncio.Future[None] | None = None
        self.lost = 0
        """Events dropped so far because the reader was too slow."""

    def put(self, event: CallEvent) -> bool:
        """Queue an event; False when it had to be dropped (the reader is told by EventsLost, in place)."""
        if self._ended:
            return True
        if len(self._items) < self._capacity:
            self._items.append(event)
            self._wake()
            return True
        self.lost += 1
        last = self._items[-1]
        if isinstance(last, _Gap):
            last.count += 1
        else:
            self._items.append(_Gap(1))
        return False

    def end(self, ending: HungUp | AudioSocketError | None = None) -> None:
        """No more events; `ending` is given (or raised) last, after all that waits. The first end counts."""
        if not self._ended:
            self._ended = True
            self._ending = ending
            self._wake()

    async def get(self) -> CallEvent:
        """The next event. Raises EventsLost at a gap, the ending if it is an error, then StopAsyncIteration.

        One reader at a time (RuntimeError for a second one).
        """
        while not self._items and not self._ended:
            if self._reader is not None:
                raise RuntimeError("a session has one reader; another task is reading it already")
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if self._items:
            item = self._items.popleft()
            if isinstance(item, _Gap):
                raise EventsLost(item.count)
            return item
        ending, self._ending = self._ending, None
        if ending is None:
            raise StopAsyncIteration
        if isinstance(ending, AudioSocketError):
            raise ending
        return ending

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
