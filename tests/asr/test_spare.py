"""Spare streams: a second recogniser for a call, and never at the cost of another call."""

import pytest

from asr.errors import PoolBehind, PoolClosed, PoolFull
from asr.pool import TURN_BYTES, DecodePool
from asr.utterance import Utterance
from tests.asr.engines import FAIL, Clock, GatedEngine

WAIT_S = 60.0


def ignore(_: Utterance) -> None:
    """Take an utterance and forget it."""


def test_it_is_decoded_by_its_own_engine() -> None:
    calls, spare = GatedEngine(), GatedEngine()
    heard: list[Utterance] = []
    with DecodePool(calls, threads=1, capacity=2, max_lag_s=60.0) as pool:
        stream = pool.open_spare(spare, heard.append)
        stream.feed(b"\1" * 320)
        assert stream.finish().result(WAIT_S).text == "all 320"
    assert [utterance.text for utterance in heard] == ["320"]
    assert (calls.opened, spare.opened) == (0, 1)


def test_it_takes_no_calls_place() -> None:
    with DecodePool(GatedEngine(), threads=1, capacity=4, max_lag_s=60.0) as pool:
        first = pool.open(ignore)
        spare = [pool.open_spare(GatedEngine(), ignore) for _ in range(2)]
        assert pool.load.calls == 1
        others = [pool.open(ignore) for _ in range(3)]
        with pytest.raises(PoolFull):
            pool.open(ignore)
        for stream in (first, *others, *spare):
            stream.cancel()
        assert pool.load.calls == 0


def test_from_half_of_the_places_on_there_is_none() -> None:
    with DecodePool(GatedEngine(), threads=1, capacity=4, max_lag_s=60.0) as pool:
        calls = [pool.open(ignore) for _ in range(2)]
        pool.open_spare(GatedEngine(), ignore)
        with pytest.raises(PoolFull, match="过半"):
            pool.open_spare(GatedEngine(), ignore)
        calls[0].cancel()
        pool.open_spare(GatedEngine(), ignore)
        with pytest.raises(PoolFull):
            pool.open_spare(GatedEngine(), ignore)


def test_its_place_is_free_again_at_its_end() -> None:
    with DecodePool(GatedEngine(), threads=1, capacity=2, max_lag_s=60.0) as pool:
        pool.open(ignore)
        for _ in range(5):
            spare = pool.open_spare(GatedEngine(), ignore)
            spare.finish().result(WAIT_S)


def test_a_pool_that_lags_opens_none_and_new_calls_all_the_same() -> None:
    clock, engine = Clock(), GatedEngine()
    with DecodePool(engine, threads=1, capacity=4, max_lag_s=1.0, clock=clock) as pool, engine.closed_gate():
        pool.open(ignore).feed(b"\1" * 320)
        clock.now += 0.6
        with pytest.raises(PoolBehind):
            pool.open_spare(GatedEngine(), ignore)
        pool.open(ignore)


def test_what_it_costs_is_no_calls_price() -> None:
    clock, engine, dear = Clock(), GatedEngine(), GatedEngine()

    def all_of_a_thread(pcm: bytes) -> None:
        clock.now += len(pcm) / 16000

    dear.on_accept = all_of_a_thread
    with DecodePool(engine, threads=1, capacity=8, max_lag_s=1000.0, clock=clock) as pool:
        call, spare = pool.open(ignore), pool.open_spare(dear, ignore)
        for stream in (call, spare):
            stream.feed(b"\1" * (100 * TURN_BYTES))
            stream.finish().result(WAIT_S)
        assert pool.load.busy == 0.0
        for _ in range(4):
            pool.open(ignore)


def test_what_lags_there_refuses_nobody_and_waits_for_all_others() -> None:
    clock, engine, spare_engine = Clock(), GatedEngine(), GatedEngine()
    with DecodePool(engine, threads=1, capacity=8, max_lag_s=1.0, clock=clock) as pool:
        with engine.closed_gate():
            call = pool.open(ignore)
            call.feed(b"\1" * 320)
            assert engine.arrived.acquire(timeout=WAIT_S)  # the only thread is in this turn
            spare = pool.open_spare(spare_engine, ignore)
            spare.feed(b"\2" * (3 * TURN_BYTES))
            call.feed(b"\1" * (20 * TURN_BYTES))
            order: list[str] = []
            ours, theirs = call.finish(), spare.finish()
            ours.add_done_callback(lambda _: order.append(f"call, spare turns {len(spare_engine.diary)}"))
            theirs.add_done_callback(lambda _: order.append("spare"))
        theirs.result(WAIT_S)
        assert order == ["call, spare turns 0", "spare"]
        with spare_engine.closed_gate():
            waiting = pool.open_spare(spare_engine, ignore)
            waiting.feed(b"\2" * TURN_BYTES)
            clock.now += 30.0
            assert pool.lag_s == 0.0
            pool.open(ignore)


def test_one_that_breaks_costs_itself_alone() -> None:
    errors: list[Exception] = []
    with DecodePool(GatedEngine(), threads=1, capacity=2, max_lag_s=60.0) as pool:
        call, spare = pool.open(ignore), pool.open_spare(GatedEngine(), ignore, errors.append)
        spare.feed(FAIL)
        call.feed(b"\1" * 320)
        with pytest.raises(ValueError, match="broke"):
            spare.finish().result(WAIT_S)
        assert call.finish().result(WAIT_S).text == "all 320"
    assert [str(error) for error in errors] == ["the engine broke"]


def test_closing_ends_it() -> None:
    engine = GatedEngine()
    with DecodePool(engine, threads=1, capacity=2, max_lag_s=60.0) as pool:
        spare = pool.open_spare(engine, ignore)
        with engine.closed_gate():
            spare.feed(b"\1" * 320)
            assert engine.arrived.acquire(timeout=WAIT_S)
            future = spare.finish()
            pool.close(0.0)
            with pytest.raises(PoolClosed):
                future.result(WAIT_S)
    with pytest.raises(PoolClosed):
        pool.open_spare(engine, ignore)
