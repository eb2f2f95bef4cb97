from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

import pytest

from ivr.audiosocket.errors import EventsLost, LocalProtocolError, RemoteProtocolError
from ivr.audiosocket.frames import FRAME_BYTES, Audio, HungUp, Key, RemoteError
from ivr.audiosocket.inbox import CAPACITY
from ivr.audiosocket.session import AudioSession, CallEvent
from tests.ivr.audiosocket.asterisk_peer import TONE, AsteriskPeer, frame

Join = Callable[..., Awaitable[tuple[AsteriskPeer, AudioSession]]]
SILENCE = bytes(FRAME_BYTES)


async def all_events(session: AudioSession) -> list[CallEvent]:
    return [event async for event in session]


async def test_what_the_caller_says_and_presses_in_order(join: Join) -> None:
    peer, session = await join()
    peer.say()
    peer.press("0")
    peer.say(TONE[::-1])
    peer.send(frame(0xFF, b"\x02"))
    peer.send(frame(0x00))
    assert await all_events(session) == [Audio(TONE), Key("0"), Audio(TONE[::-1]), RemoteError(2), HungUp()]


async def test_silence_is_sent_when_nothing_plays(join: Join) -> None:
    peer, _ = await join()
    assert await peer.frames(5) == [SILENCE] * 5


async def test_a_prompt_arrives_whole_and_is_awaited_until_played(join: Join) -> None:
    peer, session = await join()
    prompt = TONE * 10 + TONE[:100]
    began = time.monotonic()
    assert await session.play(prompt) is True
    assert time.monotonic() - began > 0.2, "played faster than it is spoken"
    await peer.frames(12)
    heard = b"".join(pcm for pcm in peer.audio if pcm != SILENCE)
    assert heard == prompt.ljust(11 * FRAME_BYTES, b"\0")


async def test_barge_in_stops_within_one_frame_on_the_wire(join: Join) -> None:
    peer, session = await join()
    playback = session.play(TONE * 500)
    while peer.audio.count(TONE) < 5:
        await peer.frames(len(peer.audio) + 1)
    playback.stop()
    sent_before = round(playback.position_s / 0.02)
    silent_from = len(peer.audio) + 5
    await peer.frames(silent_from + 5)
    assert peer.audio.count(TONE) == sent_before, "a frame of the prompt left after it was stopped"
    assert peer.audio[-1] == SILENCE
    assert await playback is False


async def test_frames_come_at_the_pace_of_speech(join: Join) -> None:
    """At most 50 frames a second and those made good after a stall; at least half of them when loaded."""
    peer, session = await join()
    session.play(TONE * 200)
    await peer.frames(3)
    began, first = time.monotonic(), len(peer.audio)
    await asyncio.sleep(1.0)
    took = time.monotonic() - began
    got = len(peer.audio) - first
    assert got <= took / 0.02 + 4
    assert got >= took / 0.02 / 2
    assert session.sent_s == pytest.approx(len(peer.audio) * 0.02, abs=0.1)


async def test_a_stall_of_ours_makes_no_burst(join: Join) -> None:
    peer, session = await join()
    playback = session.play(TONE * 500)
    await peer.frames(3)
    before = len(peer.audio)
    time.sleep(0.4)  # noqa: ASYNC251 - the stall: the loop does nothing at all for 20 frames
    stalled_until = time.monotonic()
    await peer.frames(before + 5)
    at_once = sum(at - stalled_until < 0.01 for at in peer.at[before:])
    assert at_once <= 4, "time that was missed must be skipped, not made good"
    assert peer.audio[before : before + 5] == [TONE] * 5, "the prompt goes on where it was"
    playback.stop()


async def test_close_hangs_up_and_nothing_follows(join: Join) -> None:
    peer, session = await join()
    playback = session.play(TONE * 100)
    peer.say()
    await peer.frames(2)
    await session.close()
    await peer.gone()
    assert peer.hung_up, "Asterisk must be told by the hangup frame"
    assert session.ended
    assert await playback is False
    assert await all_events(session) == [Audio(TONE)], "our own closing is no HungUp"
    await session.close()


async def test_close_while_the_caller_talks_resets_nothing(join: Join) -> None:
    """With unread audio under way an immediate close would be a reset, and the hangup frame would be lost."""
    peer, session = await join()
    for _ in range(200):
        peer.say()
    closing = asyncio.create_task(session.close())
    for _ in range(20):
        peer.say()
        await asyncio.sleep(0)
    await closing
    await peer.gone()
    assert peer.hung_up


async def test_close_does_not_wait_for_ever_for_a_peer_that_does_not_close(join: Join) -> None:
    peer, session = await join(closes_on_hangup=False)
    async with asyncio.timeout(5):
        await session.close()
    await peer.gone()
    assert peer.hung_up


async def test_after_the_end_a_prompt_is_stopped_from_the_start(join: Join) -> None:
    _peer, session = await join()
    await session.close()
    assert await session.play(TONE) is False


async def test_half_a_sample_is_no_prompt(join: Join) -> None:
    _, session = await join()
    with pytest.raises(LocalProtocolError):
        session.play(b"odd")


@pytest.mark.parametrize("way", ["frame", "close", "half-open", "reset"])
async def test_the_caller_hangs_up(join: Join, way: str) -> None:
    peer, session = await join()
    playback = session.play(TONE * 500)
    peer.say()
    await peer.frames(2)
    if way == "frame":
        peer.send(frame(0x00))
    elif way == "close":
        peer.writer.close()
    elif way == "half-open":
        peer.writer.write_eof()
    else:
        peer.reset()
    assert await all_events(session) == [Audio(TONE), HungUp()]
    await session.close()
    assert session.ended
    assert await playback is False


async def test_a_peer_that_hangs_up_but_never_reads_is_let_go(join: Join) -> None:
    peer, session = await join(reads=False)
    peer.send(frame(0x00))
    assert await all_events(session) == [HungUp()]
    async with asyncio.timeout(5):
        await session.close()


async def test_a_wrong_frame_ends_this_call_with_its_error(join: Join) -> None:
    peer, session = await join()
    peer.say()
    peer.send(frame(0x77, b"x"))
    assert await anext(session) == Audio(TONE)
    with pytest.raises(RemoteProtocolError, match="unknown kind of frame 0x77"):
        await anext(session)
    await peer.gone()
    assert session.ended


async def test_a_slow_task_is_told_what_it_has_lost(join: Join) -> None:
    peer, session = await join()
    for number in range(CAPACITY + 20):
        peer.say(number.to_bytes(2, "little") * 160)
    peer.press("1")
    peer.send(frame(0x00))
    await peer.gone()
    kept = [await anext(session) for _ in range(CAPACITY)]
    assert kept[-1] == Audio((CAPACITY - 1).to_bytes(2, "little") * 160)
    with pytest.raises(EventsLost) as lost:
        await anext(session)
    assert lost.value.count == session.events_lost == 21
    assert await all_events(session) == [HungUp()]


async def test_the_session_knows_its_call(join: Join) -> None:
    _, session = await join()
    assert isinstance(session.call, uuid.UUID)
    assert not session.ended
