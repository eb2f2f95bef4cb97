"""The FastAGI server: a thread a call, over a listening socket that outlives this process.

Whatever goes wrong here ends in a closed connection, and with that the dialplan goes on to police. Nothing
waits: a call beyond the bound, from a stranger, or without an environment in time is closed at once.
"""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import structlog

from ivr.fastagi.errors import AgiError, CallerGone, SessionClosed
from ivr.fastagi.session import AgiSession
from records.masking import mask_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_log = structlog.get_logger(__name__)

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
BACKLOG = 256
"""Connections that wait in the kernel: a burst of calls, while the process restarts."""
_PAUSE_AFTER_FAILED_ACCEPT_S = 0.1


@dataclass(eq=False, slots=True)
class _Connection:
    sock: socket.socket
    peer: str
    thread: threading.Thread
    session: AgiSession | None = None

    def abort(self) -> None:
        if self.session is not None:
            self.session.abort()
        else:
            with contextlib.suppress(OSError):  # the other side may have closed it
                self.sock.shutdown(socket.SHUT_RDWR)


class FastAgiServer:
    """Accepts Asterisk's connections and runs `handle` for each on a thread of its own."""

    def __init__(
        self,
        listening: socket.socket,
        handle: Callable[[AgiSession], None],
        *,
        max_sessions: int = 250,
        deadline_s: float = 2.0,
        allowed: Sequence[Network] = LOOPBACK,
    ) -> None:
        """Serve on `listening`, which stays open when the server closes: its owner is who gave it.

        `deadline_s`: seconds for the whole environment and for each answer of Asterisk. `allowed`: where
        connections may come from. The socket becomes non-blocking (in all processes that share it).
        Raises ValueError for a socket that is no TCP one, OSError where descriptors are wanting.
        """
        if listening.family not in {socket.AF_INET, socket.AF_INET6}:
            raise ValueError("FastAGI comes over TCP; give a listening AF_INET or AF_INET6 socket")
        listening.setblocking(False)
        self._listening = listening
        self._owned: socket.socket | None = None
        self._handle = handle
        self._max_sessions = max_sessions
        self._deadline_s = deadline_s
        self._allowed = tuple(allowed)
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()
        self._leaving: set[threading.Thread] = set()
        """Threads that have closed their connection and will be gone in a moment."""
        self._stopping = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector = selectors.DefaultSelector()  # here, where a lack of descriptors is told to the owner
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._acceptor = threading.Thread(target=self._accept_all, name="fastagi-accept", daemon=True)

    @classmethod
    def bind(
        cls,
        host: str,
        port: int,
        handle: Callable[[AgiSession], None],
        *,
        max_sessions: int = 250,
        deadline_s: float = 2.0,
        allowed: Sequence[Network] = LOOPBACK,
    ) -> Self:
        """Make a server with a listening socket of its own; port 0 takes any free one. Raises OSError."""
        listening = socket.create_server((host, port), backlog=BACKLOG)
        server = cls(listening, handle, max_sessions=max_sessions, deadline_s=deadline_s, allowed=allowed)
        server._owned = listening
        return server

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        host, port = self._listening.getsockname()[:2]
        return str(host), int(port)

    @property
    def sessions(self) -> int:
        """Sessions that are open now."""
        with self._lock:
            return len(self._open)

    def start(self) -> None:
        """Begin to accept. Once only."""
        self._acceptor.start()

    def close(self, timeout_s: float = 2.0) -> bool:
        """Stop accepting, take the open sessions away (their calls go on to police), wait for their threads.

        Waits at most `timeout_s` seconds; False when a handler was stuck in something else than its session.
        """
        until = time.monotonic() + timeout_s
        self._stopping.set()
        with contextlib.suppress(OSError):  # closed before
            self._wake_writer.send(b"x")
        if self._acceptor.ident is not None:
            self._acceptor.join(timeout_s)
        with self._lock:
            threads = set(self._leaving)
            for connection in self._open:
                connection.abort()
                threads.add(connection.thread)
        threads.discard(threading.current_thread())
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0.0))
        stuck = sum(thread.is_alive() for thread in threads)
        if stuck:
            _log.error("fastagi.threads_stuck", threads=stuck)
        if not self._acceptor.is_alive():  # one that is late still waits on these
            self._selector.close()
            self._wake_reader.close()
        for sock in (self._wake_writer, self._owned):
            if sock is not None:
                sock.close()
        return not stuck

    def _accept_all(self) -> None:
        while not self._stopping.is_set():
            self._selector.select()
            self._accept_waiting()

    def _accept_waiting(self) -> None:
        """Take all connections that wait, one system call each."""
        while not self._stopping.is_set():
            try:
                sock, address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # no file descriptors left, most likely: others will be freed
                _log.error("fastagi.accept_failed", reason=error.strerror)
                self._stopping.wait(_PAUSE_AFTER_FAILED_ACCEPT_S)
                return
            peer = str(address[0])
            refusal = self._refusal(peer) or self._admit(sock, peer)
            if refusal is not None:
                sock.close()
                _log.warning("fastagi.connection_refused", peer=peer, reason=refusal)

    def _admit(self, sock: socket.socket, peer: str) -> str | None:
        """Start a call's thread; a reason when the system gives none."""
        thread = threading.Thread(name="fastagi-session", daemon=True, target=lambda: self._serve(connection))
        connection = _Connection(sock, peer, thread)
        with self._lock:
            self._open.add(connection)
        try:
            thread.start()
        except RuntimeError:
            with self._lock:
                self._open.discard(connection)
            return "no thread to be had"
        return None

    def _refusal(self, peer: str) -> str | None:
        address = ipaddress.ip_address(peer.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        if not any((mapped or address) in network for network in self._allowed):
            return "not among the allowed addresses"
        if self.sessions >= self._max_sessions:
            return f"{self._max_sessions} sessions are open"
        return None

    def _serve(self, connection: _Connection) -> None:
        """Run one call's thread: whatever happens stays in it."""
        sock = connection.sock
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            session = AgiSession(sock, deadline_s=self._deadline_s)
        except (AgiError, OSError) as error:
            _log.warning(
                "fastagi.no_session", peer=connection.peer, error=type(error).__name__, reason=str(error)
            )
        else:
            self._run_handler(connection, session)
        finally:
            with self._lock:  # after this, close() cannot shut down a descriptor that has become another's
                self._open.discard(connection)
                self._leaving = {thread for thread in self._leaving if thread.is_alive()}
                self._leaving.add(connection.thread)
            sock.close()

    def _run_handler(self, connection: _Connection, session: AgiSession) -> None:
        with self._lock:
            connection.session = session
        if self._stopping.is_set():
            session.abort()
        call = session.environment
        with structlog.contextvars.bound_contextvars(
            channel=call.channel,
            uniqueid=call.uniqueid,
            caller=mask_number(call.caller_number),
            script=call.script,
        ):
            try:
                self._handle(session)
            except CallerGone:
                _log.info("fastagi.caller_gone")
            except SessionClosed:
                _log.warning("fastagi.session_closed_by_server")
            except Exception as error:  # noqa: BLE001 - one call's fault is never another's
                _log.exception("fastagi.handler_failed", error=type(error).__name__)
