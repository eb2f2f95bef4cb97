from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from ivr.fastagi.session import AgiSession
from tests.ivr.fastagi.asterisk_side import AsteriskSide, connected_pair, echoed, environment_bytes

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP connection: our end, Asterisk's end."""
    ours, theirs = connected_pair()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def open_session(
    pair: tuple[socket.socket, socket.socket],
) -> Iterator[Callable[..., tuple[AgiSession, AsteriskSide]]]:
    """Makes a session whose other side answers with `answer`."""
    sides: list[AsteriskSide] = []

    def open_one(
        answer: Callable[[str], bytes | None] = echoed, *, deadline_s: float = 2.0, **environment: str
    ) -> tuple[AgiSession, AsteriskSide]:
        ours, theirs = pair
        theirs.sendall(environment_bytes(**environment))
        session = AgiSession(ours, deadline_s=deadline_s)
        side = AsteriskSide(theirs, answer)
        sides.append(side)
        side.start()
        return session, side

    yield open_one
    for side in sides:
        side.end()


@pytest.fixture
def _sighup_kept() -> Iterator[None]:
    """pyst2 takes the process's SIGHUP handler; this gives it back."""
    kept = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, kept)
