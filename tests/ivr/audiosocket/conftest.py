from __future__ import annotations

import socket
import uuid
from typing import TYPE_CHECKING

import pytest

from ivr.audiosocket.server import AudioSocketServer
from ivr.audiosocket.session import AudioSession
from tests.ivr.audiosocket.asterisk_peer import AsteriskPeer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

Joined = tuple[AsteriskPeer, AudioSession]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listening socket, as the parent process hands it down."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as sock:
        yield sock


@pytest.fixture
def port(listener: socket.socket) -> int:
    number: int = listener.getsockname()[1]
    return number


@pytest.fixture
async def server(listener: socket.socket) -> AsyncIterator[AudioSocketServer]:
    async with AudioSocketServer(listener, max_sessions=8, identify_timeout_s=0.3) as running:
        yield running


@pytest.fixture
async def join(server: AudioSocketServer, port: int) -> AsyncIterator[Callable[..., Awaitable[Joined]]]:
    """One more call whose audio has joined."""
    peers: list[AsteriskPeer] = []

    async def joined(*, reads: bool = True, closes_on_hangup: bool = True) -> Joined:
        call = uuid.uuid4()
        expected = server.expect(call)
        peer = await AsteriskPeer.connect(port, call, reads=reads, closes_on_hangup=closes_on_hangup)
        peers.append(peer)
        return peer, await expected

    yield joined
    for peer in peers:
        await peer.close()
