"""asterisk-ami's client and (in `keeper.py`) its reconnecting thread, healed.

What was wrong with them, and what is done instead:

| asterisk-ami 0.1.7 | here |
| --- | --- |
| the listening thread dies after `timeout` s without traffic, unnoticed | waits; pings find the dead |
| RST, dead peer: AutoReconnect never reconnects | every end wakes the keeper; a late ping cuts |
| an exception in a listener or callback kills the listening thread | contained and logged |
| `FutureResponse` stays locked for ever where a warning is an error (`notifyAll`) | `concurrent.futures` |
| line ends in values inject actions, `splitlines` lets a caller's name inject headers | `packs.py` |
| `send`: no lock, may send half | `sendall` under a lock, with a time limit |
| answers that never come are kept for ever, a lost connection leaves its waiters waiting | both end |
| a `Command`'s output is one header | `AmiResponse.output` |
| AutoReconnect begins only after a first login that succeeded | it makes the first connection too |
| a refused login looks like a lost connection | AmiRefused, told apart, tried more seldom |
"""

from __future__ import annotations

import contextlib
import itertools
import math
import socket
import struct
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import structlog
from asterisk.ami import Action, AMIClient

from ivr.ami.errors import AmiProtocolError, AmiRefused, AmiTimeout, AmiUnavailable
from ivr.ami.packs import AmiEvent, AmiResponse, PackReader, check_fields, event_name, parse_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivr.ami.packs import FieldValue

_log = structlog.get_logger(__name__)


class HealedClient(AMIClient):  # type: ignore[misc]  # asterisk-ami is untyped
    """One AMI connection at a time. `request` may be called from any thread; the rest only by the keeper."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float,
        wanted: frozenset[str] | None,
        on_event: Callable[[AmiEvent], None],
        on_end: Callable[[], None],
    ) -> None:
        """`wanted`: names of the events to read, None: all. `on_event`, `on_end`: on the listening thread."""
        super().__init__(address=host, port=port, timeout=timeout_s)
        self._timeout_s = timeout_s
        self._wanted = wanted
        self._on_event = on_event
        self._on_end = on_end
        self._numbers = itertools.count(1)
        self._sending = threading.Lock()
        self._waiting = threading.Lock()
        self._answers: dict[str, Future[AmiResponse]] = {}
        self._greeted = threading.Event()
        self.finished = threading.Event()
        self.finished.set()

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return not self.finished.is_set()

    def connect(self) -> None:
        """Make a new connection in place of the old one. Raises AmiUnavailable, AmiProtocolError."""
        self.disconnect()
        try:
            sock = socket.create_connection((self._address, self._port), timeout=self._timeout_s)
        except OSError as error:
            raise AmiUnavailable(
                f"no AMI at {self._address}:{self._port}: {error.strerror or error}"
            ) from None
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        seconds = math.floor(self._timeout_s)
        rest = int((self._timeout_s - seconds) * 1e6)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", seconds, rest))
        self._socket = sock
        self._greeted.clear()
        self.finished.clear()
        self._thread = threading.Thread(target=self.listen, name="ami-listen", daemon=True)
        self._thread.start()
        greeted = self._greeted.wait(self._timeout_s)
        if not greeted or not self.connected:
            self.disconnect()
            raise AmiProtocolError(
                f"{self._address}:{self._port} did not greet as AMI within {self._timeout_s} s"
            )

    def disconnect(self) -> None:
        """End the connection and its thread."""
        self.cut()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(self._timeout_s)
        if self._socket is not None:
            with self._sending:
                self._socket.close()

    def login(self, username: str, secret: str) -> AmiResponse:
        """Connect and log in. Raises AmiUnavailable, AmiProtocolError, AmiTimeout, AmiRefused."""
        self.connect()
        return self.request("Login", {"Username": username, "Secret": secret})

    def request(
        self, name: str, fields: Mapping[str, FieldValue], timeout_s: float | None = None
    ) -> AmiResponse:
        """Send an action and wait for its answer, `timeout_s` (None: the client's own) seconds.

        Raises AmiFieldRefused, AmiUnavailable, AmiTimeout, AmiRefused.
        """
        headers, variables = check_fields(name, fields)
        action = Action(name, headers, variables)
        answer = self.send_action(action)
        try:
            response = answer.result(timeout_s if timeout_s is not None else self._timeout_s)
        except TimeoutError:
            raise AmiTimeout(f"no answer to {name} from Asterisk in time") from None
        finally:
            with self._waiting:
                self._answers.pop(action.keys["ActionID"], None)
        if response.is_error:
            raise AmiRefused(response.message or f"{name} failed")
        return response

    def send_action(
        self, action: Any, callback: Callable[[AmiResponse], None] | None = None
    ) -> Future[AmiResponse]:
        """Send an asterisk-ami action; its answer comes. `callback`: called with it, errors are logged."""
        number = str(next(self._numbers))
        action.keys["ActionID"] = number
        answer: Future[AmiResponse] = Future()
        if callback is not None:
            answer.add_done_callback(lambda done: callback(done.result()))
        with self._waiting:
            if not self.connected:
                raise AmiUnavailable("AMI is not connected; it is being connected again")
            self._answers[number] = answer
        self.send(action)
        return answer

    def send(self, pack: Any) -> None:
        """Send a whole action. Raises AmiUnavailable when it could not be sent in time."""
        data = f"{pack}\r\n".encode("utf-8", "replace")
        try:
            with self._sending:
                self._socket.sendall(data)
        except OSError:
            self.cut()  # half an action may have gone: this connection is of no more use
            raise AmiUnavailable("AMI took no action; it is being connected again") from None

    def listen(self) -> None:
        """Read until the connection ends, then let everybody know. The listening thread's life."""
        sock, reader = self._socket, PackReader()
        try:
            while data := sock.recv(65536):
                for pack in reader.feed(data):
                    self.fire_recv_pack(pack)
                if reader.greeted:
                    self._greeted.set()
        except (OSError, AmiProtocolError) as error:
            if self.connected:
                _log.warning("ami.connection_broken", error=type(error).__name__, reason=str(error))
        finally:
            self.cut()
            self._greeted.set()
            self._on_end()

    def fire_recv_pack(self, pack: bytes) -> None:
        """Read one pack and hand it on. What a receiver raises stays here."""
        name = event_name(pack)
        if name is not None and self._wanted is not None and name not in self._wanted:
            return
        parsed = parse_pack(pack)
        if isinstance(parsed, AmiEvent):
            try:
                self._on_event(parsed)
            except Exception:  # noqa: BLE001 - the listening thread outlives its listeners' mistakes
                _log.exception("ami.event_receiver_failed", ami_event=parsed.name)
        elif isinstance(parsed, AmiResponse):
            with self._waiting:
                answer = self._answers.pop(parsed.fields.get("ActionID", ""), None)
            if answer is not None:
                answer.set_result(parsed)

    def cut(self) -> None:
        """Make the connection useless at once, from any thread: the listener wakes and ends.

        Whoever waits for an answer gets AmiUnavailable.
        """
        with self._waiting:
            self.finished.set()
            lost = tuple(self._answers.values())
            self._answers.clear()
        for answer in lost:
            answer.set_exception(AmiUnavailable("the AMI connection was lost before the answer came"))
        if self._socket is not None:
            with contextlib.suppress(OSError):  # not connected any more
                self._socket.shutdown(socket.SHUT_RDWR)
