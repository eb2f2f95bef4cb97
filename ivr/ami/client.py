"""The AMI client: events in, actions out, connected again by itself for as long as it is open."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import structlog

from ivr.ami.errors import AmiError, AmiUnavailable
from ivr.ami.healed import HealedClient
from ivr.ami.keeper import Keeper
from ivr.ami.packs import AmiEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ivr.ami.packs import AmiResponse, FieldValue

_log = structlog.get_logger(__name__)


class AmiClient:
    """A connection to Asterisk's manager interface that never has to be there.

    `on_event` and `on_state` are called one after the other on a thread of the client's own, in the order of
    what happened: none comes before `on_state(True)` or after `on_state(False)`. They may call `action`.
    """

    def __init__(  # noqa: PLR0917 - who, where and to whom: the six that every client needs
        self,
        host: str,
        port: int,
        user: str,
        secret: str,
        on_event: Callable[[AmiEvent], None],
        on_state: Callable[[bool], None],
        *,
        events: Collection[str] | None = None,
        event_mask: str = "call,agent",
        timeout_s: float = 2.0,
        ping_every_s: float = 1.0,
        backoff_s: tuple[float, float] = (0.25, 5.0),
        refused_backoff_s: float = 10.0,
        max_waiting_events: int = 10_000,
    ) -> None:
        """Prepare; nothing is connected yet.

        `events`: names of those to hand over, None: all. `event_mask`: classes that Asterisk is to send, as
        in manager.conf. `timeout_s`: for connecting and for each answer. A dead connection is found within
        `ping_every_s` + `timeout_s`. When `on_event` is `max_waiting_events` behind, the oldest are dropped.
        """
        self._closing_timeout_s = 3 * timeout_s  # connecting, the banner and the login may each take one
        self._receiver = _Receiver(on_event, on_state, max_waiting_events)
        self._connection = HealedClient(
            host,
            port,
            timeout_s=timeout_s,
            wanted=None if events is None else frozenset(events),
            on_event=self._receiver.event,
            on_end=self._on_end,
        )
        self._keeper = Keeper(
            self._connection,
            (user, secret),
            event_mask=event_mask,
            ping_every_s=ping_every_s,
            backoff_s=backoff_s,
            refused_backoff_s=refused_backoff_s,
            on_state=self._receiver.state,
        )

    def _on_end(self) -> None:
        self._keeper.wake()

    @property
    def fault(self) -> AmiError | None:
        """Why there is no connection (AmiRefused: the login); None while there is one, or no try yet."""
        return self._keeper.fault

    def start(self) -> None:
        """Begin to connect; returns at once. Once only."""
        self._receiver.start()
        self._keeper.start()

    def action(self, name: str, **fields: FieldValue) -> AmiResponse:
        """Carry out an action, as `action("Redirect", Channel=…, Context=…, Exten=…, Priority=1)`.

        Raises AmiUnavailable (not sent, or not known whether done), AmiTimeout, AmiRefused, AmiFieldRefused.
        """
        if not self._receiver.ready:
            raise AmiUnavailable("AMI is not connected yet; it is being connected")
        return self._connection.request(name, fields)

    def close(self) -> None:
        """End the connection and all threads. Actions that wait get AmiUnavailable."""
        self._keeper.stop()
        self._connection.cut()
        self._join(self._keeper)
        self._receiver.stop()
        self._join(self._receiver)

    def _join(self, thread: threading.Thread) -> None:
        if thread.ident is None or thread is threading.current_thread():
            return  # never started, or closed from a receiver
        thread.join(self._closing_timeout_s)
        if thread.is_alive():
            _log.error("ami.thread_stuck", thread=thread.name)


class _Receiver(threading.Thread):
    """Hands events and states to their receivers, so that slow ones hold up neither answers nor pings."""

    def __init__(
        self, on_event: Callable[[AmiEvent], None], on_state: Callable[[bool], None], max_waiting: int
    ) -> None:
        super().__init__(name="ami-events", daemon=True)
        self._on_event = on_event
        self._on_state = on_state
        self._max_waiting = max_waiting
        self._waiting: deque[AmiEvent | bool] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._dropped = 0
        self.ready = False
        """Whether the connection is logged in now."""

    def event(self, event: AmiEvent) -> None:
        with self._changed:
            if not self.ready:
                return  # between the login and on_state(True)
            if len(self._waiting) >= self._max_waiting:
                self._drop_oldest()
            self._waiting.append(event)
            self._changed.notify()

    def state(self, connected: bool) -> None:  # noqa: FBT001 - on_state's own shape
        with self._changed:
            self.ready = connected
            self._waiting.append(connected)
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                if not self._waiting:
                    return
                item = self._waiting.popleft()
            self._hand_over(item)

    def _hand_over(self, item: AmiEvent | bool) -> None:  # noqa: FBT001 - a state is a bool
        try:
            if isinstance(item, AmiEvent):
                self._on_event(item)
            else:
                self._on_state(item)
        except Exception:  # noqa: BLE001 - the next event is not to suffer from this one
            _log.exception("ami.receiver_failed", item=item.name if isinstance(item, AmiEvent) else item)

    def _drop_oldest(self) -> None:
        """Drop the oldest event (never a state)."""
        for index, item in enumerate(self._waiting):
            if isinstance(item, AmiEvent):
                del self._waiting[index]
                break
        self._dropped += 1
        if self._dropped & (self._dropped - 1) == 0:  # 1, 2, 4, 8 …: say it, but do not flood
            _log.error("ami.events_dropped", dropped=self._dropped, waiting=len(self._waiting))
