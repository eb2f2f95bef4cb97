"""Places a real call to 110 on the running system and follows it until somebody has answered it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asr.audio import read_audio
from asr.g711 import alaw_encode
from ivr.errors import CallNotRecorded, ServerNotRunning
from ivr.softphone.caller import Caller
from ivr.softphone.errors import SoftphoneError
from ivr.story import Story, tell
from records.errors import StoreUnavailable
from records.events import EventKind, FeedEvent
from records.store import Store

_LOOK_EVERY_S = 0.05
_HEAR_MEMBER_S = 1.0
_AUDIBLE = 100.0
"""Root mean square of 16-bit samples: a prompt is far above, an idle line far below."""
_GREETED_WITHIN_S = 5.0
_SETTLES_WITHIN_S = 5.0
_RECORDED_WITHIN_S = 10.0
"""The beginning of a call is in the records within a second; the rest is for a machine that is very busy."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What the caller does."""

    voice_alaw: bytes
    """A-law, 8 kHz; empty: the caller says nothing."""
    keys: str = ""
    greeting_s: float = 0.0
    """How long the caller listens to our greeting before doing anything."""
    number: str = "13800138000"
    pidf_lo: bytes | None = None
    dialled: str = "110"
    limit_s: float = 60.0
    """From the answer until somebody at the queue has answered."""


def voice_of(path: Path) -> bytes:
    """A voice file (WAV of any kind, or raw A-law) as A-law. Raises AudioUnreadable."""
    return alaw_encode(read_audio(path))


async def hear_member(caller: Caller) -> None:
    """Stay on the line for the member's first words."""
    with suppress(TimeoutError):
        await caller.until_ended(_HEAR_MEMBER_S)


async def place(
    server: tuple[str, int],
    store: Store,
    placing: Placing,
    with_member: Callable[[Caller], Awaitable[None]] = hear_member,
) -> Story:
    """Dial, speak, wait until a member has answered or the call is over, hang up.

    `with_member` is what the caller does once a member has answered. `store` is where the running system
    keeps its records. Raises ServerNotRunning when nobody answers at `server`, CallNotRecorded when the call
    does not appear in `store`.
    """
    after = await asyncio.to_thread(_last_number, store)
    async with Caller(server, number=placing.number, pidf_lo=placing.pidf_lo) as caller:
        try:
            await caller.dial(placing.dialled)
        except (SoftphoneError, OSError) as error:
            host, port = server
            raise ServerNotRunning(
                f"nobody answered {placing.dialled} at {host}:{port} ({error}); start the system: python -m ivr serve"
            ) from error
        talking = asyncio.create_task(_talk(caller, placing))
        try:
            follower = _Follower(store, after, caller.call_id)
            story = await follower.follow(placing.limit_s, caller.ended)
            if story.member and not caller.ended.is_set():
                await with_member(caller)
            await caller.hang_up()
            return await follower.last_word(story)
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)


async def _talk(caller: Caller, placing: Placing) -> None:
    with suppress(TimeoutError):
        await caller.until_ended(placing.greeting_s)
    if placing.keys:
        with suppress(
            TimeoutError
        ):  # keys are pressed when somebody speaks: before that nobody listens for them
            await caller.heard.until(lambda: caller.heard.rms() > _AUDIBLE, _GREETED_WITHIN_S)
        await caller.press(placing.keys)
    if placing.voice_alaw:
        await caller.speak(placing.voice_alaw)


def _last_number(store: Store) -> int:
    try:
        return store.last_number()
    except StoreUnavailable:  # the system builds its database when it writes the first event
        return 0


class _Follower:
    """Reads the feed behind `after` until our own call, known by its SIP Call-ID, is settled."""

    def __init__(self, store: Store, after: int, sip_call_id: str) -> None:
        self._store = store
        self._after = after
        self._sip_call_id = sip_call_id
        self._events: list[FeedEvent] = []
        self._call_id: str | None = None
        self._trouble = ""
        """Why the records could not be read the last time."""

    async def follow(self, limit_s: float, ended: asyncio.Event) -> Story:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            story = await self._look()
            waited_s = loop.time() - began
            if self._call_id is None and waited_s > min(limit_s, _RECORDED_WITHIN_S):
                raise CallNotRecorded(
                    "110 answered, but the records read here tell nothing of the call: either the running system "
                    "keeps them in another database (give this command its --config and MINSHENG110_RECORDS__URL), "
                    f"or its node or database is away (see its log){self._trouble and ': ' + self._trouble}"
                )
            if story.settled or waited_s > limit_s:
                return story
            if ended.is_set() and self._call_id is not None:
                return await self.last_word(story)
            await asyncio.sleep(_LOOK_EVERY_S)  # the feed is a table: it has to be looked at

    async def last_word(self, story: Story) -> Story:
        """The story with its end, which comes a moment after the hang-up."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _SETTLES_WITHIN_S
        while "ended" not in story.steps_s and loop.time() < until:
            await asyncio.sleep(_LOOK_EVERY_S)
            story = await self._look()
        return story

    async def _look(self) -> Story:
        try:
            events = await asyncio.to_thread(self._store.feed, self._after)
        except StoreUnavailable as away:
            events, self._trouble = [], str(away)
        else:
            self._trouble = ""
        if events:
            self._after = events[-1].seq
            self._events += events
        for event in events:
            if event.kind == EventKind.STARTED and event.data.get("sip_call_id") == self._sip_call_id:
                self._call_id = event.call_id
        return tell(self._call_id or "", self._events)
