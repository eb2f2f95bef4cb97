"""What only a connection by itself shows: a peer that stops reading, and what it leaves behind."""

from __future__ import annotations

import asyncio
import socket
import uuid
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from ivr.audiosocket.connection import MAX_UNSENT_BYTES, Connection, Phase
from ivr.audiosocket.errors import PeerNotReading
from ivr.audiosocket.frames import FRAME_BYTES, HungUp
from ivr.audiosocket.ticker import Ticker
from tests.ivr.audiosocket.asterisk_peer import frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CALL = uuid.uuid4()


class OpenGate:
    """Lets everybody in, and counts."""

    def __init__(self) -> None:
        self.left_count = 0
        self.known = asyncio.Event()

    def arrived(self, connection: Connection) -> bool:
        return True

    def identified(self, connection: Connection, call: uuid.UUID) -> bool:
        self.known.set()
        return call == CALL

    def left(self, connection: Connection) -> None:
        self.left_count += 1


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def ticker() -> Ticker:
    return Ticker()


@pytest.fixture
async def line(gate: OpenGate, ticker: Ticker) -> AsyncIterator[tuple[Connection, socket.socket]]:
    """A connection of ours and the bare socket at its other end."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    _, connection = await loop.connect_accepted_socket(lambda: Connection(gate, ticker, 0.2), ours)
    yield connection, theirs
    connection.cut()
    await connection.closed
    theirs.close()


Line = tuple[Connection, socket.socket]


async def test_it_ticks_from_its_uuid_to_its_end(line: Line, gate: OpenGate, ticker: Ticker) -> None:
    connection, theirs = line
    assert not ticker.running
    theirs.send(frame(0x01, CALL.bytes))
    await gate.known.wait()
    assert ticker.running
    theirs.close()
    await connection.closed
    assert not ticker.running


async def test_a_peer_that_reads_nothing_cannot_fill_our_memory(line: Line, gate: OpenGate) -> None:
    connection, theirs = line
    theirs.send(frame(0x01, CALL.bytes))
    await gate.known.wait()
    transport = connection._transport
    assert transport is not None
    worst = 0
    with capture_logs() as logs:
        for _ in range(100_000):
            if connection.phase is not Phase.TALKING:
                break
            connection.beat(3)
            worst = max(worst, transport.get_write_buffer_size())
    assert connection.phase is Phase.CLOSED
    assert worst <= MAX_UNSENT_BYTES + 3 * (FRAME_BYTES + 3)
    assert [line["event"] for line in logs] == ["audiosocket.peer_not_reading"]
    with pytest.raises(PeerNotReading, match="unread"):
        await connection.inbox.get()
    await connection.closed
    assert gate.left_count == 1


async def test_a_peer_that_hangs_up_with_our_audio_unread_is_let_go(line: Line, gate: OpenGate) -> None:
    connection, theirs = line
    theirs.send(frame(0x01, CALL.bytes))
    await gate.known.wait()
    transport = connection._transport
    assert transport is not None
    while not transport.get_write_buffer_size():
        connection.beat(3)
    theirs.send(frame(0x00))
    async with asyncio.timeout(5):
        await connection.closed
    assert await connection.inbox.get() == HungUp()


async def test_frames_due_together_leave_in_one_write_of_whole_frames(line: Line, gate: OpenGate) -> None:
    connection, theirs = line
    theirs.send(frame(0x01, CALL.bytes))
    await gate.known.wait()
    connection.beat(1)
    connection.beat(3)
    silence = frame(0x10, bytes(FRAME_BYTES))
    got = theirs.recv(65536)
    assert got == silence * 4
    assert connection.frames_sent == 4
    assert connection.sent_s == 0.08


async def test_the_hangup_frame_is_the_last_thing_sent(line: Line, gate: OpenGate) -> None:
    connection, theirs = line
    theirs.send(frame(0x01, CALL.bytes))
    await gate.known.wait()
    connection.hang_up()
    connection.beat(3)
    connection.hang_up()
    theirs.setblocking(True)
    assert theirs.recv(65536) == frame(0x00)
    assert theirs.recv(65536) == b""


async def test_what_arrives_after_our_hangup_is_thrown_away(line: Line, gate: OpenGate) -> None:
    connection, theirs = line
    theirs.send(frame(0x01, CALL.bytes))
    await gate.known.wait()
    connection.hang_up()
    theirs.send(b"\x77" * 3000)
    theirs.close()
    await connection.closed
    with pytest.raises(StopAsyncIteration):
        await connection.inbox.get()


async def test_events_behind_a_wrong_uuid_are_not_looked_at(line: Line, gate: OpenGate) -> None:
    connection, theirs = line
    with capture_logs() as logs:
        theirs.send(frame(0x01, uuid.uuid4().bytes) + frame(0x10, bytes(320)) + frame(0xFF, b"1"))
        await connection.closed
    assert logs == []
    with pytest.raises(StopAsyncIteration):
        await connection.inbox.get()
    assert gate.left_count == 1


async def test_no_uuid_in_time(line: Line) -> None:
    connection, theirs = line
    theirs.send(b"\x01\x00")
    with capture_logs() as logs:
        await connection.closed
    assert [(line["event"], line["received"]) for line in logs] == [("audiosocket.no_uuid", 2)]
