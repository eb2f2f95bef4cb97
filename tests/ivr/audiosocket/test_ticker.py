from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ivr.audiosocket.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class LateSelector(selectors.DefaultSelector):
    """Does not wait: moves its loop's clock instead, and as much further as the machine is late."""

    def __init__(self, lateness: Iterator[float]) -> None:
        super().__init__()
        self.now = 1000.0
        self._lateness = lateness

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout:
            self.now += timeout + next(self._lateness, 0.0)
        return super().select(0)


class LateLoop(asyncio.SelectorEventLoop):
    """A loop on a clock of its own, so that tests of time take none and are exact."""

    def __init__(self, lateness: list[float]) -> None:
        self.clock = LateSelector(iter(lateness))
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def beats_until(end_s: float, lateness: list[float]) -> list[tuple[float, int]]:
    """(seconds since the start, frames due) of every beat on a machine that is late by these seconds."""
    loop = LateLoop(lateness)
    beats: list[tuple[float, int]] = []

    async def run() -> None:
        ticker, over = Ticker(), loop.create_future()
        began = loop.time()

        def beat(frames: int) -> None:
            since = loop.time() - began
            beats.append((since, frames))
            if since > end_s - 0.001 and not over.done():
                over.set_result(None)

        ticker.add(beat)
        await over
        ticker.remove(beat)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(run())
    return beats


def test_one_frame_every_20_ms() -> None:
    beats = beats_until(1.0, [])
    assert [frames for _, frames in beats] == [1] * 50
    assert [at for at, _ in beats] == pytest.approx([0.02 * n for n in range(1, 51)], abs=0.002)


def test_a_machine_that_is_always_late_does_not_drift() -> None:
    beats = beats_until(10.0, [0.015] * 10_000)
    assert len(beats) == 500
    assert max(at - 0.02 * n for n, (at, _) in enumerate(beats, start=1)) < 0.018


def test_a_short_stall_is_caught_up() -> None:
    beats = beats_until(1.0, [0.0] * 9 + [0.045])
    assert [frames for _, frames in beats][:11] == [1] * 9 + [3, 1]
    assert sum(frames for _, frames in beats) == 50


def test_a_long_stall_makes_no_burst() -> None:
    beats = beats_until(1.0, [0.0] * 9 + [0.5])
    assert [frames for _, frames in beats][:12] == [1] * 9 + [3, 1, 1]


@given(lateness=st.lists(st.floats(0.0, 0.3), max_size=60))
def test_never_more_than_time_allows_and_never_a_burst(lateness: list[float]) -> None:
    beats = beats_until(1.0, lateness)
    assert all(1 <= frames <= 3 for _, frames in beats)
    sent = 0
    for at, frames in beats:
        sent += frames
        assert sent <= at / 0.02 + 0.01


@given(lateness=st.lists(st.floats(0.0, 0.035), max_size=60))
def test_nothing_is_skipped_after_short_stalls(lateness: list[float]) -> None:
    beats = beats_until(1.0, lateness)
    at = beats[-1][0]
    assert sum(frames for _, frames in beats) == pytest.approx(at / 0.02, abs=1.01)


def running(test: Callable[[Ticker], None]) -> None:
    """Run a test of the ticker on a loop with its own clock for half a second of that clock."""

    async def run() -> None:
        ticker = Ticker()
        test(ticker)
        await asyncio.sleep(0.5)

    with asyncio.Runner(loop_factory=lambda: LateLoop([])) as runner:
        runner.run(run())


async def test_the_clock_runs_only_while_something_beats() -> None:
    ticker = Ticker()
    assert not ticker.running

    def beat(frames: int) -> None:
        raise AssertionError

    ticker.add(beat)
    assert ticker.running
    ticker.remove(beat)
    ticker.remove(beat)
    assert not ticker.running


def test_one_beat_that_fails_does_not_silence_the_others() -> None:
    good: list[int] = []
    bad: list[int] = []

    def fail(frames: int) -> None:
        bad.append(frames)
        raise ZeroDivisionError

    def test(ticker: Ticker) -> None:
        ticker.add(fail)
        ticker.add(good.append)

    with capture_logs() as logs:
        running(test)
    assert len(bad) == 1
    assert len(good) >= 23
    assert [line["event"] for line in logs] == ["audiosocket.beat_failed"]


def test_a_beat_may_remove_itself_and_another() -> None:
    calls: list[str] = []

    def test(ticker: Ticker) -> None:
        def second(frames: int) -> None:
            calls.append("second")

        def first(frames: int) -> None:
            calls.append("first")
            ticker.remove(first)
            ticker.remove(second)

        ticker.add(first)
        ticker.add(second)

    running(test)
    assert calls == ["first"]
