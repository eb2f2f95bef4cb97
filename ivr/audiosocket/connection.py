"""One TCP connection from Asterisk: its bytes, its deadlines and its end."""

from __future__ import annotations

import asyncio
import socket
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol, cast

import structlog

from ivr.audiosocket.errors import AudioSocketError, PeerNotReading, RemoteProtocolError
from ivr.audiosocket.frames import FRAME_S, Event, FrameParser, HungUp, Identified, RemoteError, encode_hangup
from ivr.audiosocket.inbox import Inbox
from ivr.audiosocket.playout import Playout

if TYPE_CHECKING:
    import uuid

    from ivr.audiosocket.ticker import Ticker

READ_BYTES = 8192
"""Read at most this much at a time: 25 frames. A fixed buffer spares an allocation of 256 KiB a read."""
MAX_UNSENT_BYTES = 16_000
"""Unsent audio that may wait for a peer that does not read, about 1 s, before the call's audio is dropped."""
KERNEL_SEND_BYTES = 16_384
"""Asked of the kernel for its send buffer, so that it hides a peer that has stopped reading less long."""
LINGER_S = 0.5
"""After a hangup, whoever sent it, the connection has this long to close by itself, then it is cut."""


class Phase(Enum):
    """Where a connection is in its life."""

    ARRIVED = auto()
    """Connected, not yet told its UUID."""
    TALKING = auto()
    """A call's; frames go both ways every 20 ms."""
    ENDING = auto()
    """Our hangup frame is sent; whatever still arrives is thrown away."""
    CLOSED = auto()


class Gate(Protocol):
    """Who decides on connections: the server."""

    def arrived(self, connection: Connection) -> bool:
        """Whether a new connection may stay until it is identified."""

    def identified(self, connection: Connection, call: uuid.UUID) -> bool:
        """Whether a connection with this UUID is expected; True makes it that call's."""

    def left(self, connection: Connection) -> None:
        """Told once of every connection that is closed."""


class Connection(asyncio.BufferedProtocol):
    """One connection. Everything in here runs in the loop's thread."""

    def __init__(self, gate: Gate, ticker: Ticker, identify_timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        self.inbox = Inbox()
        self.playout = Playout()
        self.phase = Phase.ARRIVED
        self.peer = ""
        self.log: structlog.stdlib.BoundLogger = structlog.get_logger()
        """Says which call or, before it is known, which peer; the server binds what it knows of the call."""
        self.call: uuid.UUID | None = None
        self.frames_sent = 0
        self.bytes_received = 0
        self.closed: asyncio.Future[None] = loop.create_future()
        self._gate = gate
        self._ticker = ticker
        self._parser = FrameParser()
        self._read = memoryview(bytearray(READ_BYTES))
        self._transport: asyncio.Transport | None = None
        self._deadline = loop.call_later(identify_timeout_s, self._not_identified)

    # -- asyncio's side ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asterisk has connected."""
        self._transport = cast("asyncio.Transport", transport)
        address = transport.get_extra_info("peername")
        self.peer = str(address[0]) if isinstance(address, tuple) else str(address)
        self.log = self.log.bind(peer=self.peer)
        sock = transport.get_extra_info("socket")
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_SEND_BYTES)
        if not self._gate.arrived(self):
            self.cut()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the loop reads into."""
        return self._read

    def buffer_updated(self, nbytes: int) -> None:
        """`nbytes` have arrived."""
        if self.phase in (Phase.ENDING, Phase.CLOSED):
            return
        self.bytes_received += nbytes
        try:
            for event in self._parser.feed(self._read[:nbytes]):
                self._take(event)
        except RemoteProtocolError as error:
            self.log.warning("audiosocket.wrong_frame", error=str(error))
            self.cut(error)

    def eof_received(self) -> None:
        """The peer sends no more: that is its hanging up, as good as a hangup frame."""
        if self.phase is Phase.ARRIVED and not self.bytes_received:
            self.log.debug("audiosocket.probed")
        elif self.phase is Phase.ARRIVED:
            self.log.warning("audiosocket.left_before_uuid", received=self.bytes_received)
        self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, whoever ended it."""
        if self.phase is Phase.TALKING and exc is not None:
            self.log.info("audiosocket.reset", error=repr(exc))
        self._deadline.cancel()
        self._ticker.remove(self.beat)
        self.phase = Phase.CLOSED
        self.playout.end()
        self.inbox.end(HungUp())
        if not self.closed.done():
            self.closed.set_result(None)
        self._gate.left(self)

    # -- the call's side -----------------------------------------------------------------------------------

    def beat(self, frames: int) -> None:
        """Send what is due: one frame of 20 ms, or a few after a stall of ours."""
        transport = self._open_transport()
        if transport is None:
            return
        unsent = transport.get_write_buffer_size()
        if unsent > MAX_UNSENT_BYTES:
            self.log.warning("audiosocket.peer_not_reading", unsent_bytes=unsent)
            self.cut(
                PeerNotReading(
                    f"Asterisk has left {unsent} bytes of audio unread; the call's audio is dropped"
                )
            )
            return
        self.frames_sent += frames
        if frames == 1:
            transport.write(self.playout.next_frame())
        else:
            transport.write(b"".join(self.playout.next_frame() for _ in range(frames)))

    @property
    def sent_s(self) -> float:
        """Seconds of audio, silence included, sent so far."""
        return self.frames_sent * FRAME_S

    def hang_up(self) -> None:
        """End AudioSocket() in the dialplan: hangup frame, then wait for Asterisk to close.

        Not closed at once: closing with unread audio would send a reset, which may overtake the hangup
        frame and which Asterisk takes for a failure. Harmless when the connection is ending or closed.
        """
        transport = self._open_transport()
        if transport is None:
            return
        self._quieten(Phase.ENDING)
        self.inbox.end()
        transport.write(encode_hangup())
        transport.write_eof()
        self._cut_later(transport)

    def cut(self, error: AudioSocketError | None = None) -> None:
        """Close at once, without a word. `error` is what the call's task is told."""
        self.inbox.end(error)
        self._quieten(Phase.CLOSED)
        if self._transport is not None:
            self._transport.abort()

    # -- inside --------------------------------------------------------------------------------------------

    def _open_transport(self) -> asyncio.Transport | None:
        if (
            self.phase in (Phase.ENDING, Phase.CLOSED)
            or self._transport is None
            or self._transport.is_closing()
        ):
            return None
        return self._transport

    def _quieten(self, phase: Phase) -> None:
        self.phase = phase
        self._ticker.remove(self.beat)
        self.playout.end()

    def _leave(self) -> None:
        """The peer has hung up: close, and cut what it does not read any more."""
        self.inbox.end(HungUp())
        self._quieten(Phase.CLOSED)
        if self._transport is not None:
            self._transport.close()
            self._cut_later(self._transport)

    def _cut_later(self, transport: asyncio.Transport) -> None:
        self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(LINGER_S, transport.abort)

    def _take(self, event: Event) -> None:
        if self.phase in (Phase.ENDING, Phase.CLOSED):
            return  # an event before this one in the same read has ended it
        if isinstance(event, Identified):
            self._identify(event.call)
        elif isinstance(event, HungUp):
            self._leave()
        else:
            if isinstance(event, RemoteError):
                self.log.warning("audiosocket.remote_error", code=event.code)
            if not self.inbox.put(event) and self.inbox.lost == 1:
                self.log.error("audiosocket.events_lost", why="the call's task takes none")

    def _identify(self, call: uuid.UUID) -> None:
        if not self._gate.identified(self, call):
            self.cut()
            return
        self._deadline.cancel()
        self.call = call
        self.phase = Phase.TALKING
        self._ticker.add(self.beat)

    def _not_identified(self) -> None:
        self.log.warning("audiosocket.no_uuid", received=self.bytes_received)
        self.cut()
