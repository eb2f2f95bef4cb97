"""asterisk-ami's reconnecting thread, healed; what was wrong with it stands in `healed.py`."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog
from asterisk.ami import AutoReconnect

from ivr.ami.errors import AmiError, AmiRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.ami.healed import HealedClient

_log = structlog.get_logger(__name__)


class Keeper(AutoReconnect):  # type: ignore[misc]  # asterisk-ami is untyped
    """Connects, logs in, pings, and begins anew whenever the connection is of no use."""

    def __init__(
        self,
        client: HealedClient,
        credentials: tuple[str, str],
        *,
        event_mask: str,
        ping_every_s: float,
        backoff_s: tuple[float, float],
        refused_backoff_s: float,
        on_state: Callable[[bool], None],
    ) -> None:
        """`backoff_s`: first and longest pause before a new try; `refused_backoff_s`: after a refusal."""
        super().__init__(client, delay=ping_every_s)
        self.name = "ami-keeper"
        self.daemon = True
        self.finished = threading.Event()
        self.fault: AmiError | None = None
        self._client = client
        self._credentials = credentials
        self._event_mask = event_mask
        self._backoff_s = backoff_s
        self._refused_backoff_s = refused_backoff_s
        self._on_state = on_state
        self._wake = threading.Event()

    def wake(self) -> None:
        """Look at the connection now. From any thread."""
        self._wake.set()

    def stop(self) -> None:
        """Let the thread end. From any thread; `join` waits for it."""
        self.finished.set()
        self.wake()

    def run(self) -> None:
        """Keep the connection until `stop`. The keeping thread's life."""
        pause = self._backoff_s[0]
        while not self.finished.is_set():
            began = time.monotonic()
            if self.try_reconnect():
                self._on_state(True)
                self._stay()
                self._client.disconnect()  # before the state: no event comes after it
                self._on_state(False)
            self._client.disconnect()
            if time.monotonic() - began > self._backoff_s[1]:
                pause = self._backoff_s[0]  # it had held: begin with the short pause again
            refused = isinstance(self.fault, AmiRefused)
            self.finished.wait(max(pause, self._refused_backoff_s) if refused else pause)
            pause = min(pause * 2, self._backoff_s[1])

    def try_reconnect(self) -> bool:
        """Connect, log in and choose the events; whether it went well. `fault` says why not."""
        try:
            self._wake.clear()
            self._client.login(*self._credentials)
            self._client.request("Events", {"EventMask": self._event_mask})
        except AmiError as error:
            if type(error) is not type(self.fault):  # once for each kind of trouble, not for each try
                refused = isinstance(error, AmiRefused)
                _log.error("ami.login_refused" if refused else "ami.unavailable", reason=str(error))
            self.fault = error
            return False
        self.fault = None
        return True

    def ping(self) -> bool:
        """Ask Asterisk for a sign of life, within the client's time limit."""
        try:
            self._client.request("Ping", {})
        except AmiError as error:
            if not self.finished.is_set():
                _log.warning("ami.ping_failed", error=type(error).__name__)
            return False
        return True

    def _stay(self) -> None:
        while not self.finished.is_set() and self._client.connected and self.ping():
            self._wake.wait(self.delay)

    def _prepare_client(self) -> None:
        """Leave the client as it is: asterisk-ami would wrap its login and start this thread from there."""

    def _rollback_client(self) -> None:
        """Nothing was wrapped."""
