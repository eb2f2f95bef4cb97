"""The AudioSocket server of a node: takes the connections that calls have announced, and no others."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import structlog

from ivr.audiosocket.connection import Connection, Phase
from ivr.audiosocket.errors import AlreadyExpected, NoCapacity, ServerClosed
from ivr.audiosocket.session import AudioSession
from ivr.audiosocket.ticker import Ticker

if TYPE_CHECKING:
    import socket
    import uuid
    from collections.abc import Mapping, Sequence
    from types import TracebackType

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
"""Who may connect unless told otherwise: AudioSocket is neither encrypted nor authenticated."""
BACKLOG = 512
"""Connections the kernel holds while the loop is busy: Asterisk cuts other calls when one is refused."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """A call that is announced: who waits for its session, and what log lines say of it."""

    session: asyncio.Future[AudioSession]
    log_context: Mapping[str, Any]


class AudioSocketServer:
    """Listens on a socket that the parent process holds too, so that the port never refuses.

    Everything is called in the loop's thread. `async with` starts and closes it.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        max_sessions: int,
        identify_timeout_s: float = 1.0,
        peers: Sequence[Network] = LOOPBACK,
    ) -> None:
        """`sock` is bound and listens. `peers` are the networks Asterisk may connect from."""
        self._sock = sock
        self._max_sessions = max_sessions
        self._identify_timeout_s = identify_timeout_s
        self._peers = tuple(peers)
        self._ticker = Ticker()
        self._server: asyncio.Server | None = None
        self._expected: dict[uuid.UUID, _Expected] = {}
        self._connections: set[Connection] = set()

    async def start(self) -> None:
        """Accept connections from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, sock=self._sock, backlog=BACKLOG)

    async def close(self) -> None:
        """Accept no more, hang up every call's audio, and wait for the connections to go (0.5 s at most).

        Asterisk goes on in the dialplan with each call. Calls still expected get ServerClosed.
        """
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for future in [expected.session for expected in self._expected.values()]:
            future.set_exception(
                ServerClosed("the AudioSocket server is closing; the call belongs to police")
            )
            future.exception()  # marked as seen: nobody need be waiting for it
        leaving = tuple(self._connections)
        for connection in leaving:
            if connection.phase is Phase.ARRIVED:
                connection.cut()
            else:
                connection.hang_up()
        await asyncio.gather(*(connection.closed for connection in leaving))
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def talking(self) -> int:
        """Calls whose audio is connected now."""
        return sum(connection.phase is Phase.TALKING for connection in self._connections)

    def expect(self, call: uuid.UUID) -> asyncio.Future[AudioSession]:
        """Announce a call before Asterisk is told to connect with this UUID; the future is its session.

        Cancel the future (or let `asyncio.wait_for` do it) to expect it no longer. Log lines about the
        connection carry the structlog context variables that are bound here. Raises NoCapacity,
        AlreadyExpected or ServerClosed.
        """
        if self._server is None:
            raise ServerClosed("the AudioSocket server does not run; start it before expecting a call")
        if call in self._expected or any(connection.call == call for connection in self._connections):
            raise AlreadyExpected(f"call {call} is expected or talking already; make a fresh UUID for it")
        if self.talking + len(self._expected) >= self._max_sessions:
            raise NoCapacity(
                f"{self._max_sessions} calls have audio already; send this one to the police queue"
            )
        future: asyncio.Future[AudioSession] = asyncio.get_running_loop().create_future()
        self._expected[call] = _Expected(future, structlog.contextvars.get_contextvars())
        future.add_done_callback(lambda _: self._expected.pop(call, None))
        return future

    # -- what connections ask (connection.Gate) --------------------------------------------------------------

    def arrived(self, connection: Connection) -> bool:
        """Whether a new connection may stay until it is identified: right peer, and not too many waiting."""
        self._connections.add(connection)
        if not self._is_peer(connection.peer):
            connection.log.warning("audiosocket.stranger", allowed=[str(net) for net in self._peers])
            return False
        waiting = sum(other.phase is Phase.ARRIVED for other in self._connections)
        if waiting > self._max_sessions:
            connection.log.warning("audiosocket.too_many_waiting", waiting=waiting)
            return False
        return True

    def identified(self, connection: Connection, call: uuid.UUID) -> bool:
        """Hand the session over to whoever expects this call."""
        expected = self._expected.pop(call, None)
        if expected is None or expected.session.done():
            connection.log.warning("audiosocket.unexpected_call", stream=str(call))
            return False
        connection.log = connection.log.bind(**{**expected.log_context, "stream": str(call)})
        expected.session.set_result(AudioSession(call, connection))
        return True

    def left(self, connection: Connection) -> None:
        """A connection is closed."""
        self._connections.discard(connection)
        if connection.call is not None:
            connection.log.info(
                "audiosocket.ended",
                frames_sent=connection.frames_sent,
                bytes_received=connection.bytes_received,
                events_lost=connection.inbox.lost,
            )

    def _connection(self) -> Connection:
        return Connection(self, self._ticker, self._identify_timeout_s)

    def _is_peer(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(ip, "ipv4_mapped", None)
        return any((mapped or ip) in network for network in self._peers)
