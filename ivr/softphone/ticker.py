"""The 20 ms beat that all calls of a process share."""

import asyncio
from collections.abc import Callable

from ivr.softphone.rtp import FRAME_S

MAX_BEHIND = 10  # frames; a process that was stopped for longer lets the rest go instead of bursting


class Ticker:
    """Calls every listener once each 20 ms of the loop's clock, without drift; still while nobody listens.

    One timer serves all calls: thirty timers would wake the loop 1500 times a second instead of 50. Deadlines
    are multiples of the period from the start, so a late beat does not delay those after it; missed ones are
    made up.
    """

    def __init__(self, period_s: float = FRAME_S) -> None:
        self.worst_late_s = 0.0  # for measurements: how late a beat ever was
        self._period_s = period_s
        self._listeners: dict[Callable[[], None], None] = {}  # a dict, because it keeps the order
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def add(self, listener: Callable[[], None]) -> None:
        """Begin to call a listener."""
        self._listeners[listener] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._due = loop.time() + self._period_s
            self._timer = loop.call_at(self._due, self._beat)

    def discard(self, listener: Callable[[], None]) -> None:
        """Stop calling a listener; the last one to go stops the beat."""
        self._listeners.pop(listener, None)
        if not self._listeners and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        late_s = loop.time() - self._due
        self.worst_late_s = max(self.worst_late_s, late_s)
        beats = 1 + max(0, int(late_s / self._period_s))
        self._due += beats * self._period_s
        self._timer = loop.call_at(self._due, self._beat)
        for _ in range(min(beats, MAX_BEHIND)):
            for listener in tuple(self._listeners):
                if listener in self._listeners:
                    listener()
