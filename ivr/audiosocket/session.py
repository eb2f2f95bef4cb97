"""One call's audio as the call's task sees it: what the caller says, presses and hears."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ivr.audiosocket.connection import Connection, Phase
from ivr.audiosocket.frames import Audio, HungUp, Key, RemoteError
from ivr.audiosocket.inbox import CallEvent
from ivr.audiosocket.playout import Playback

if TYPE_CHECKING:
    import uuid

__all__ = ["Audio", "AudioSession", "CallEvent", "HungUp", "Key", "Playback", "RemoteError"]


class AudioSession:
    """The audio of one call. For one task of the loop's thread.

    `async for event in session` gives Audio, Key and RemoteError as they come, HungUp as the last one, and
    ends. It raises EventsLost where the task was too slow and events had to be dropped (it may be iterated
    further), RemoteProtocolError or PeerNotReading where the connection was cut: all are AudioSocketError.
    After `close` it just ends. Silence goes to the caller whenever nothing plays.
    """

    __slots__ = ("_connection", "call")

    def __init__(self, call: uuid.UUID, connection: Connection) -> None:
        self.call = call
        self._connection = connection

    def __aiter__(self) -> AudioSession:
        return self

    async def __anext__(self) -> CallEvent:
        return await self._connection.inbox.get()

    def play(self, pcm: bytes) -> Playback:
        """Play s16le mono 8 kHz audio, behind what plays already.

        Await the Playback for its end, `stop()` it for barge-in (heard within one 20 ms frame). When the call
        is gone it is stopped from the start. Raises LocalProtocolError for half a sample.
        """
        return self._connection.playout.play(pcm)

    @property
    def ended(self) -> bool:
        """Whether the call's audio is over, whoever ended it."""
        return self._connection.phase is not Phase.TALKING

    @property
    def sounding(self) -> bytes:
        """What the caller hears now: 20 ms of s16le, empty where that is silence."""
        return self._connection.playout.sounding

    @property
    def events_lost(self) -> int:
        """Events dropped so far because the task was too slow."""
        return self._connection.inbox.lost

    @property
    def sent_s(self) -> float:
        """Seconds of audio, silence included, sent to the caller so far."""
        return self._connection.sent_s

    async def close(self) -> None:
        """Hang up the audio, not the call: Asterisk goes on in the dialplan. Returns when the peer is gone.

        That is at once when Asterisk answers by closing, and 0.5 s at most. Everything that plays is stopped.
        """
        self._connection.hang_up()
        await asyncio.shield(self._connection.closed)
