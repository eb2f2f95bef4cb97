"""The pulse: a node that is ready, beats, falls silent, ends."""

from __future__ import annotations

import asyncio
import os

import pytest

from ivr.heartbeat import BEAT_S, READY, Pulse, beat


async def test_a_beating_node_is_ready_and_never_silent_for_long() -> None:
    reading, writing = os.pipe()
    pulse = Pulse(reading)
    node = asyncio.create_task(beat(writing))
    try:
        await asyncio.wait_for(pulse.ready.wait(), 5)
        first = pulse._last
        async with asyncio.timeout(10):
            while pulse._last == first:
                await asyncio.sleep(BEAT_S / 4)
    finally:
        node.cancel()
        await asyncio.gather(node, return_exceptions=True)
        os.close(writing)
        pulse.close()


async def test_silence_grows_when_nothing_beats() -> None:
    reading, writing = os.pipe()
    pulse = Pulse(reading)
    try:
        before = pulse.silent_s
        await asyncio.sleep(0.05)
        assert pulse.silent_s >= before + 0.05
        assert not pulse.ready.is_set()
    finally:
        os.close(writing)
        pulse.close()


class CountingPulse(Pulse):
    """Counts how often the pipe was found readable."""

    reads = 0

    def _read(self) -> None:
        self.reads += 1
        super()._read()


async def test_a_pipe_that_has_ended_keeps_nobody_busy() -> None:
    """An ended pipe is readable for ever: it must not be read again and again."""
    reading, writing = os.pipe()
    pulse = CountingPulse(reading)
    os.write(writing, READY)
    os.close(writing)
    await asyncio.wait_for(pulse.ready.wait(), 5)
    for _ in range(50):
        await asyncio.sleep(0)
    assert pulse.reads <= 2
    pulse.close()
    pulse.close()


async def test_the_node_learns_that_its_parent_is_gone() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        await beat(writing)
    os.close(writing)
