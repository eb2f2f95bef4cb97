"""One stream's promises: order, finish, cancel, failure. The engines are gated, the pool is real."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, wait

import pytest

from asr.errors import PoolClosed, RecogniserFailed, StreamClosed
from asr.pool import TURN_BYTES, DecodePool
from asr.utterance import Utterance
from tests.asr.engines import FAIL, Clock, GatedEngine

CAPACITY = 4
WAIT_S = 20.0  # for what must happen; a healthy run never waits as long


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def pool(engine: GatedEngine) -> Iterator[DecodePool]:
    with DecodePool(engine, threads=2, capacity=CAPACITY, max_lag_s=60.0) as pool:
        yield pool


def ignore(_: Utterance) -> None:
    """Take an utterance and forget it."""


def test_audio_is_decoded_in_order_and_completely(engine: GatedEngine, pool: DecodePool) -> None:
    heard: list[Utterance] = []
    stream = pool.open(heard.append)
    sent = [bytes([n % 200]) * (n % 7 * 160) for n in range(400)]
    for piece in sent:
        stream.feed(piece)
    total = sum(map(len, sent))
    assert stream.finish().result(WAIT_S) == Utterance(f"all {total}", is_final=True)
    assert b"".join(pcm for _, pcm in engine.diary) == b"".join(sent)
    assert heard[-1].text == str(total)


def test_a_turn_is_never_longer_than_it_may(engine: GatedEngine, pool: DecodePool) -> None:
    stream = pool.open(ignore)
    stream.feed(b"\1" * (5 * TURN_BYTES + 3))
    stream.finish().result(WAIT_S)
    assert [len(pcm) for _, pcm in engine.diary] == [TURN_BYTES] * 5 + [3]


def test_partial_results_arrive_before_the_end(engine: GatedEngine, pool: DecodePool) -> None:
    arrived = threading.Event()
    stream = pool.open(lambda _: arrived.set())
    stream.feed(b"\1" * 320)
    assert arrived.wait(WAIT_S)
    stream.feed(b"\1" * 320)
    assert stream.finish().result(WAIT_S).text == "all 640"


def test_what_is_fed_may_be_a_buffer_that_is_used_again(pool: DecodePool, engine: GatedEngine) -> None:
    stream = pool.open(ignore)
    buffer = bytearray(b"\1" * 320)
    with engine.closed_gate():
        stream.feed(buffer)
        buffer[:] = b"\2" * 320
    stream.finish().result(WAIT_S)
    assert engine.diary == [(1, b"\1" * 320)]


def test_finish_without_audio(pool: DecodePool) -> None:
    assert pool.open(ignore).finish().result(WAIT_S).text == "all 0"


def test_a_flush_answers_for_what_was_fed_before_it_and_the_stream_goes_on(
    pool: DecodePool, engine: GatedEngine
) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(b"\1" * (TURN_BYTES + 320))
        first = stream.flush()
        stream.feed(b"\2" * 640)
        second = stream.flush()
        nothing = stream.flush()
    assert first.result(WAIT_S).text == f"all {TURN_BYTES + 320}"
    assert second.result(WAIT_S).text == "all 640"
    assert nothing.result(WAIT_S) == Utterance("", is_final=True)
    stream.feed(b"\3" * 160)
    assert stream.finish().result(WAIT_S).text == "all 160"
    assert [(number, pcm[:1]) for number, pcm in engine.diary] == [
        (1, b"\1"),
        (1, b"\1"),
        (2, b"\2"),
        (3, b"\3"),
    ]


def test_a_flush_ends_as_its_stream_ends(pool: DecodePool, engine: GatedEngine) -> None:
    cancelled, broken = pool.open(ignore), pool.open(ignore)
    with engine.closed_gate():
        cancelled.feed(b"\1" * 320)
        assert engine.arrived.acquire(timeout=WAIT_S)  # its turn is under way, up to the flush or not
        waits = cancelled.flush()
        cancelled.cancel()
        broken.feed(FAIL)
        fails = broken.flush()
    assert waits.cancelled()
    assert isinstance(fails.exception(WAIT_S), ValueError)
    assert isinstance(broken.flush().exception(WAIT_S), ValueError)
    assert cancelled.flush().cancelled()
    assert pool.load.calls == 0


def test_a_flush_under_way_is_cancelled_with_its_stream(pool: DecodePool, engine: GatedEngine) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(b"\1" * 320)
        stream.flush()
        assert engine.arrived.acquire(timeout=WAIT_S)
        second = stream.flush()
        stream.cancel()
    assert second.cancelled()
    assert pool.open(ignore).finish().result(WAIT_S).text == "all 0"  # the threads are well


def test_finish_twice_is_one_future(pool: DecodePool) -> None:
    stream = pool.open(ignore)
    first = stream.finish()
    assert stream.finish() is first
    first.result(WAIT_S)
    assert stream.finish() is first


def test_audio_after_finish_is_a_mistake_that_is_said(pool: DecodePool, engine: GatedEngine) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(b"\1" * 320)
        finished = stream.finish()
        with pytest.raises(StreamClosed, match="finish"):
            stream.feed(b"\1" * 320)
    assert finished.result(WAIT_S).text == "all 320"


def test_an_empty_piece_is_no_work(pool: DecodePool, engine: GatedEngine) -> None:
    stream = pool.open(ignore)
    stream.feed(b"")
    stream.finish().result(WAIT_S)
    assert engine.diary == []


def test_cancel_frees_place_and_recogniser_and_forgets_the_rest(
    engine: GatedEngine, pool: DecodePool
) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(b"\1" * TURN_BYTES)
        assert engine.arrived.acquire(timeout=WAIT_S)
        stream.feed(b"\2" * TURN_BYTES)
        stream.cancel()
        stream.cancel()
        assert pool.load.calls == 0
        stream.feed(b"\3" * 320)  # the line may still deliver a frame: no complaint
        assert stream.finish().cancelled()
    assert engine.freed.acquire(timeout=WAIT_S)
    assert engine.diary == [(1, b"\1" * TURN_BYTES)]


def test_cancel_after_finish_cancels_the_future(engine: GatedEngine, pool: DecodePool) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(b"\1" * 320)
        finished = stream.finish()
        stream.cancel()
    with pytest.raises(CancelledError):
        finished.result(WAIT_S)


def test_cancel_after_the_end_changes_nothing(pool: DecodePool) -> None:
    stream = pool.open(ignore)
    finished = stream.finish()
    finished.result(WAIT_S)
    stream.cancel()
    assert finished.result(0).text == "all 0"


def test_nothing_is_reported_after_cancel(engine: GatedEngine, pool: DecodePool) -> None:
    heard: list[Utterance] = []
    stream = pool.open(heard.append)
    with engine.closed_gate():
        stream.feed(b"\1" * 320)
        assert engine.arrived.acquire(timeout=WAIT_S)
        stream.cancel()
    assert engine.freed.acquire(timeout=WAIT_S)
    assert heard == []


def test_a_waiter_who_gives_up_does_not_harm_the_pool(engine: GatedEngine, pool: DecodePool) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(b"\1" * 320)
        assert stream.finish().cancel()
    other = pool.open(ignore)
    other.feed(b"\1" * 320)
    assert other.finish().result(WAIT_S).text == "all 320"


def test_a_broken_recogniser_fails_only_its_own_call(engine: GatedEngine, pool: DecodePool) -> None:
    failures: Future[Exception] = Future()
    broken = pool.open(ignore, on_failure=failures.set_result)
    healthy = pool.open(ignore)
    for _ in range(20):
        healthy.feed(b"\1" * 320)
    broken.feed(FAIL * 320)
    error = failures.result(WAIT_S)
    assert isinstance(error, ValueError)
    assert broken.finish().exception(WAIT_S) is error
    assert broken.finish() is broken.finish()
    broken.feed(b"\1" * 320)  # ignored: there is nobody to hear it
    assert healthy.finish().result(WAIT_S).text == "all 6400"
    assert pool.load.calls == 0


def test_a_failure_after_finish_reaches_the_future(pool: DecodePool, engine: GatedEngine) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(FAIL)
        finished = stream.finish()
    assert isinstance(finished.exception(WAIT_S), ValueError)


def test_an_engine_that_opens_nothing() -> None:
    with DecodePool(GatedEngine(opens=False), threads=1, capacity=1, max_lag_s=1.0) as pool:
        assert isinstance(pool.open(ignore).finish().exception(WAIT_S), RecogniserFailed)
        assert isinstance(pool.open(ignore).finish().exception(WAIT_S), RecogniserFailed)  # the place is free


def test_a_callback_that_raises_costs_its_call_and_no_thread(pool: DecodePool) -> None:
    def refuse(_: Utterance | Exception) -> None:
        raise KeyError("callback")

    for _ in range(4):  # twice the threads
        stream = pool.open(refuse, on_failure=refuse)
        stream.feed(b"\1" * 320)
        assert isinstance(stream.finish().exception(WAIT_S), KeyError)
    assert pool.open(ignore).finish().result(WAIT_S).text == "all 0"


def test_a_calls_lag_is_its_greatest_and_stays_when_the_call_has_ended(engine: GatedEngine) -> None:
    clock = Clock()
    with DecodePool(engine, threads=1, capacity=CAPACITY, max_lag_s=60.0, clock=clock) as pool:
        stream, prompt = pool.open(ignore), pool.open(ignore)
        assert stream.lag_s == 0.0
        with engine.closed_gate():
            stream.feed(b"\1" * 320)
            assert engine.arrived.acquire(timeout=WAIT_S)
            clock.now += 0.75
            assert stream.lag_s == 0.75  # and growing
        stream.flush().result(WAIT_S)
        clock.now += 5.0  # nothing waits: time that passes is no lag
        stream.feed(b"\1" * 320)
        stream.finish().result(WAIT_S)
        clock.now += 5.0
        assert stream.lag_s == 0.75
        assert prompt.lag_s == 0.0  # each call its own
        prompt.cancel()


def test_what_a_cancelled_call_left_undecoded_counts_as_its_lag(engine: GatedEngine) -> None:
    clock = Clock()
    with DecodePool(engine, threads=1, capacity=CAPACITY, max_lag_s=60.0, clock=clock) as pool:
        stream = pool.open(ignore)
        with engine.closed_gate():
            stream.feed(b"\1" * 320)
            assert engine.arrived.acquire(timeout=WAIT_S)
            clock.now += 1.5
            stream.cancel()
            clock.now += 5.0
            assert stream.lag_s == 1.5
        assert engine.freed.acquire(timeout=WAIT_S)  # its turn under way is over as well
        assert stream.lag_s == 1.5


def test_closing_the_pool_ends_every_stream(engine: GatedEngine) -> None:
    failures: list[Exception] = []
    pool = DecodePool(engine, threads=1, capacity=CAPACITY, max_lag_s=60.0)
    waiting, open_one = pool.open(ignore, failures.append), pool.open(ignore, failures.append)
    engine.gate.clear()
    waiting.feed(b"\1" * 320)
    finished = waiting.finish()
    assert engine.arrived.acquire(timeout=WAIT_S)
    closer = threading.Thread(target=pool.close)
    closer.start()
    assert isinstance(finished.exception(WAIT_S), PoolClosed)
    engine.gate.set()
    closer.join(WAIT_S)
    assert not closer.is_alive()
    assert isinstance(open_one.finish().exception(0), PoolClosed)
    assert failures == []  # who closes the pool knows


def test_many_threads_feeding_finishing_and_cancelling_at_once(engine: GatedEngine) -> None:
    """Races between the loop's thread and the pool's: every future is settled, every place given back."""
    with DecodePool(engine, threads=3, capacity=64, max_lag_s=60.0) as pool:
        futures: list[Future[Utterance]] = []

        def caller(number: int) -> None:
            for turn in range(40):
                stream = pool.open(ignore)
                stream.feed(bytes([number]) * 320)
                if (turn + number) % 3 == 0:
                    stream.cancel()
                futures.append(stream.finish())
                if (turn + number) % 3 == 1:
                    stream.cancel()

        callers = [threading.Thread(target=caller, args=(n,)) for n in range(8)]
        for thread in callers:
            thread.start()
        for thread in callers:
            thread.join(WAIT_S)
        assert not wait(futures, WAIT_S).not_done
        assert len(futures) == 320
        assert sum(future.cancelled() for future in futures) >= 8 * 13
        assert {future.result().text for future in futures if not future.cancelled()} == {"all 320"}
        assert pool.load.calls == 0


async def test_the_event_loop_waits_for_words_without_blocking(pool: DecodePool, engine: GatedEngine) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(b"\1" * 320)
        finished = asyncio.wrap_future(stream.finish())
        done, _ = await asyncio.wait({finished}, timeout=0.01)
        assert not done
    assert (await asyncio.wait_for(finished, WAIT_S)).text == "all 320"


async def test_a_task_that_is_cancelled_leaves_the_pool_whole(pool: DecodePool, engine: GatedEngine) -> None:
    stream = pool.open(ignore)
    with engine.closed_gate():
        stream.feed(b"\1" * 320)
        finished = asyncio.wrap_future(stream.finish())
        finished.cancel()
        with pytest.raises(asyncio.CancelledError):
            await finished
    assert (await asyncio.wait_for(asyncio.wrap_future(pool.open(ignore).finish()), WAIT_S)).text == "all 0"
