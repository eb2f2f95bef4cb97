from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.audiosocket.errors import LocalProtocolError
from ivr.audiosocket.frames import FRAME_BYTES
from ivr.audiosocket.playout import SILENCE_FRAME, Playout
from tests.ivr.audiosocket.asterisk_peer import TONE, frame


async def test_silence_when_nothing_plays() -> None:
    assert Playout().next_frame() == SILENCE_FRAME == frame(0x10, bytes(FRAME_BYTES))


async def test_a_prompt_is_cut_into_frames_and_its_end_filled_up() -> None:
    playout = Playout()
    playout.play(TONE + b"\x01\x02")
    assert playout.next_frame() == frame(0x10, TONE)
    assert playout.next_frame() == frame(0x10, b"\x01\x02".ljust(FRAME_BYTES, b"\0"))
    assert playout.next_frame() == SILENCE_FRAME


async def test_it_is_done_when_its_last_frame_had_time_to_be_heard() -> None:
    playout = Playout()
    playback = playout.play(TONE * 2)
    playout.next_frame()
    playout.next_frame()
    assert not playback.done
    playout.next_frame()
    assert await playback is True


async def test_position_and_duration_in_seconds() -> None:
    playout = Playout()
    playback = playout.play(TONE * 3 + TONE[:160])
    assert (playback.position_s, playback.duration_s) == (0.0, 0.07)
    playout.next_frame()
    assert playback.position_s == 0.02
    for _ in range(3):
        playout.next_frame()
    assert playback.position_s == 0.07


async def test_prompts_play_one_after_the_other_without_a_gap() -> None:
    playout = Playout()
    first, second = playout.play(TONE), playout.play(TONE[::-1])
    assert [playout.next_frame() for _ in range(2)] == [frame(0x10, TONE), frame(0x10, TONE[::-1])]
    assert first.done
    assert not second.done


async def test_stop_takes_effect_with_the_next_frame() -> None:
    playout = Playout()
    playback = playout.play(TONE * 50)
    playout.next_frame()
    playback.stop()
    assert playout.next_frame() == SILENCE_FRAME
    assert playback.position_s == 0.02
    assert await playback is False


async def test_a_prompt_stopped_while_it_waits_is_left_out() -> None:
    playout = Playout()
    playout.play(TONE)
    waiting = playout.play(TONE * 5)
    last = playout.play(TONE[::-1])
    waiting.stop()
    assert [playout.next_frame() for _ in range(3)] == [
        frame(0x10, TONE),
        frame(0x10, TONE[::-1]),
        SILENCE_FRAME,
    ]
    assert await last is True


async def test_stop_after_the_end_changes_nothing() -> None:
    playout = Playout()
    playback = playout.play(TONE)
    playout.next_frame()
    playout.next_frame()
    playback.stop()
    assert await playback is True


async def test_an_empty_prompt_ends_at_the_next_frame() -> None:
    playout = Playout()
    playback = playout.play(b"")
    assert playout.next_frame() == SILENCE_FRAME
    assert await playback is True


async def test_half_a_sample_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="3 bytes"):
        Playout().play(b"abc")


async def test_the_end_of_the_call_stops_everything() -> None:
    playout = Playout()
    playing, waiting = playout.play(TONE * 9), playout.play(TONE)
    playout.next_frame()
    playout.end()
    assert [await playing, await waiting, await playout.play(TONE)] == [False, False, False]


async def test_a_cancelled_waiter_does_not_stop_the_prompt() -> None:
    playout = Playout()
    playback = playout.play(TONE)

    async def wait() -> None:
        await playback

    waiter = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert playout.next_frame() == frame(0x10, TONE)
    playout.next_frame()
    assert await playback is True


@given(prompts=st.lists(st.binary(max_size=1500).map(lambda pcm: pcm[: len(pcm) // 2 * 2]), max_size=5))
def test_every_sample_is_heard_once_and_in_order(prompts: list[bytes]) -> None:
    async def heard() -> bytes:
        playout = Playout()
        playbacks = [playout.play(pcm) for pcm in prompts]
        frames = []
        while not all(playback.done for playback in playbacks):
            frames.append(playout.next_frame()[3:])
        assert [await playback for playback in playbacks] == [True] * len(prompts)
        return b"".join(frames)

    padded = b"".join(pcm.ljust(-(-len(pcm) // FRAME_BYTES) * FRAME_BYTES, b"\0") for pcm in prompts)
    assert asyncio.run(heard()).removesuffix(bytes(FRAME_BYTES)) == padded.removesuffix(bytes(FRAME_BYTES))
