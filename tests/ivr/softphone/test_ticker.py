import asyncio
from collections.abc import Callable
from typing import Any

from ivr.softphone.ticker import MAX_BEHIND, Ticker


def counter() -> tuple[list[float], Callable[[], None]]:
    times: list[float] = []
    return times, lambda: times.append(asyncio.get_running_loop().time())


async def wait_for(times: list[Any], count: int) -> None:
    async with asyncio.timeout(5):
        while len(times) < count:
            await asyncio.sleep(0.005)


async def test_beats_do_not_drift() -> None:
    ticker = Ticker(0.01)
    times, beat = counter()
    begin = asyncio.get_running_loop().time()
    ticker.add(beat)
    await wait_for(times, 30)
    ticker.discard(beat)
    assert len(times) / (times[-1] - begin) < 1.15 / 0.01
    lateness = [at - begin - (number + 1) * 0.01 for number, at in enumerate(times)]
    assert min(lateness) > -0.001  # never early, however late some were


async def test_all_listeners_share_one_beat() -> None:
    ticker = Ticker(0.01)
    order: list[str] = []
    ticker.add(lambda: order.append("a"))
    ticker.add(last := lambda: order.append("b"))
    await wait_for(order, 6)
    assert order[:6] == ["a", "b"] * 3
    ticker.discard(last)
    assert ticker._timer is not None
    for listener in list(ticker._listeners):
        ticker.discard(listener)
    assert ticker._timer is None


async def test_a_listener_that_leaves_during_the_beat_is_not_called() -> None:
    ticker = Ticker(0.005)
    called: list[str] = []

    def first() -> None:
        called.append("first")
        ticker.discard(second)
        ticker.discard(first)

    def second() -> None:
        called.append("second")

    ticker.add(first)
    ticker.add(second)
    await wait_for(called, 1)
    await asyncio.sleep(0.02)
    assert called == ["first"]


async def test_a_ticker_can_stop_and_begin_again() -> None:
    ticker = Ticker(0.005)
    times, beat = counter()
    ticker.add(beat)
    await wait_for(times, 1)
    ticker.discard(beat)
    stopped = len(times)
    await asyncio.sleep(0.02)
    assert len(times) == stopped
    ticker.add(beat)
    await wait_for(times, stopped + 1)
    ticker.discard(beat)


async def test_beats_missed_by_a_busy_loop_are_made_up(monkeypatch: Any) -> None:
    ticker = Ticker(0.02)
    times, beat = counter()
    ticker.add(beat)
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, 0.105
    monkeypatch.setattr(loop, "time", lambda: real() + ahead)  # as if the loop had stood for five beats
    await wait_for(times, 5)
    assert len(times) == 5
    assert times[-1] - times[0] < 0.02
    assert ticker.worst_late_s >= 0.08
    ticker.discard(beat)


async def test_after_a_long_stop_there_is_no_flood(monkeypatch: Any) -> None:
    ticker = Ticker(0.02)
    times, beat = counter()
    ticker.add(beat)
    loop = asyncio.get_running_loop()
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + 100)
    await wait_for(times, 1)
    assert len(times) == MAX_BEHIND
    ticker.discard(beat)


async def test_nothing_that_leaves_twice_breaks_anything() -> None:
    ticker = Ticker()
    ticker.discard(print)
    assert ticker._timer is None
