"""The pool: fair between calls, bounded, honest about its lag; with the real libvosk wherever words matter."""

import threading
from collections import Counter
from concurrent.futures import Future

import numpy as np
import pytest

from asr.errors import PoolBehind, PoolBusy, PoolClosed, PoolFull
from asr.pool import TURN_BYTES, DecodePool, Load
from asr.transcript import transcribe
from asr.utterance import Utterance
from asr.vosk_engine import VoskEngine
from tests.asr.conftest import Say
from tests.asr.engines import Clock, GatedEngine

WAIT_S = 60.0

SENTENCES = ("有人抢劫，你们快来", "我们小区的水管爆裂了", "工地半夜还在施工")


def ignore(_: Utterance) -> None:
    """Take an utterance and forget it."""


def test_thirty_calls_at_once_are_each_heard_in_full(engine: VoskEngine, say: Say) -> None:
    """Every call gets exactly the words that it gets alone, partial ones before its end."""
    audio = [say(sentence).astype("<i2").tobytes() for sentence in SENTENCES]
    alone = [transcribe(engine, say(sentence)).text for sentence in SENTENCES]
    partials: list[list[Utterance]] = [[] for _ in range(30)]
    with DecodePool(engine, threads=None, capacity=30, max_lag_s=600.0) as pool:
        streams = [pool.open(heard.append) for heard in partials]
        for at in range(0, max(map(len, audio)), 320):
            for number, stream in enumerate(streams):
                stream.feed(audio[number % 3][at : at + 320])
        futures = [stream.finish() for stream in streams]
        for number, future in enumerate(futures):
            last = future.result(WAIT_S).text
            finals = [utterance.text for utterance in partials[number] if utterance.is_final]
            assert "".join([*finals, last]) == alone[number % 3]
            assert any(not utterance.is_final for utterance in partials[number])
        assert pool.load.calls == 0
        assert pool.lag_s == 0.0


def test_turns_go_round(say: Say) -> None:
    """One call with a minute of audio waiting does not hold up the others."""
    engine = GatedEngine()
    with DecodePool(engine, threads=1, capacity=4, max_lag_s=600.0) as pool:
        with engine.closed_gate():
            greedy = pool.open(ignore)
            greedy.feed(b"\1" * (300 * TURN_BYTES))
            assert engine.arrived.acquire(timeout=WAIT_S)
            modest = [pool.open(ignore) for _ in range(3)]
            for stream in modest:
                stream.feed(b"\2" * (3 * TURN_BYTES))
            futures = [stream.finish() for stream in (*modest, greedy)]
        for future in futures:
            future.result(WAIT_S)
        order = [number for number, _ in engine.diary]
    assert Counter(order[:13]) == Counter({1: 4, 2: 3, 3: 3, 4: 3})
    assert order.count(1) == 300


def test_all_threads_work(engine: VoskEngine) -> None:
    gated = GatedEngine()
    with DecodePool(gated, threads=3, capacity=3, max_lag_s=60.0) as pool:
        with gated.closed_gate():
            futures: list[Future[Utterance]] = []
            for _ in range(3):
                stream = pool.open(ignore)
                stream.feed(b"\1" * 320)
                futures.append(stream.finish())
            for _ in range(3):
                assert gated.arrived.acquire(timeout=WAIT_S)  # three decode at the same time
        for future in futures:
            future.result(WAIT_S)
    assert gated.threads == {"asr-decode-0", "asr-decode-1", "asr-decode-2"}


def test_no_place_no_stream_and_a_place_given_back_is_taken_again() -> None:
    with DecodePool(GatedEngine(), threads=1, capacity=2, max_lag_s=60.0) as pool:
        first, second = pool.open(ignore), pool.open(ignore)
        with pytest.raises(PoolFull, match="2 路") as full:
            pool.open(ignore)
        assert full.value.retryable
        first.cancel()
        third = pool.open(ignore)
        third.finish().result(WAIT_S)
        fourth = pool.open(ignore)  # the place is free when the future says so
        with pytest.raises(PoolFull):
            pool.open(ignore)
        second.cancel()
        fourth.cancel()
        assert pool.load.calls == 0


def test_lag_is_the_age_of_the_oldest_undecoded_audio() -> None:
    clock = Clock()
    engine = GatedEngine()
    with DecodePool(engine, threads=1, capacity=4, max_lag_s=1.0, clock=clock) as pool:
        assert pool.lag_s == 0.0
        with engine.closed_gate():
            busy, waiting = pool.open(ignore), pool.open(ignore)
            busy.feed(b"\1" * 320)
            assert engine.arrived.acquire(timeout=WAIT_S)  # being decoded is not decoded
            clock.now += 0.5
            waiting.feed(b"\1" * 320)
            clock.now += 0.4
            assert pool.lag_s == pytest.approx(0.9)
            pool.open(ignore).cancel()  # late, but within the limit
            clock.now += 0.2
            with pytest.raises(PoolBehind, match=r"落后 1\.1 秒") as behind:
                pool.open(ignore)
            assert behind.value.retryable
            busy.cancel()  # whose audio nobody waits for does not count
            assert pool.lag_s == pytest.approx(0.6)
            pool.open(ignore).cancel()
        waiting.finish().result(WAIT_S)
        assert pool.lag_s == 0.0


def costing(clock: Clock, engine: GatedEngine, share: float) -> None:
    """Let every second of audio take so much of a thread's time."""

    def pass_time(pcm: bytes) -> None:
        clock.now += share * len(pcm) / 16000

    engine.on_accept = pass_time


def heard_for(pool: DecodePool, turns: int) -> None:
    """Let a call come and go that speaks for so many turns."""
    stream = pool.open(ignore)
    stream.feed(b"\1" * (turns * TURN_BYTES))
    stream.finish().result(WAIT_S)


def test_a_call_that_would_be_too_much_is_refused_before_anybody_lags() -> None:
    clock, engine = Clock(), GatedEngine()
    costing(clock, engine, 0.2)
    with DecodePool(engine, threads=1, capacity=8, max_lag_s=1000.0, clock=clock) as pool:
        early = [pool.open(ignore) for _ in range(8)]  # nothing is known yet: all are admitted
        for stream in early:
            stream.cancel()
        heard_for(pool, 100)
        heard = [pool.open(ignore) for _ in range(4)]
        assert pool.load.busy == pytest.approx(0.8)
        with pytest.raises(PoolBusy, match="100%") as busy:
            pool.open(ignore)
        assert busy.value.retryable
        heard[0].cancel()
        pool.open(ignore)


def test_what_is_decoded_packet_by_packet_tells_nothing_of_the_cost() -> None:
    clock, engine = Clock(), GatedEngine()
    costing(clock, engine, 0.5)
    with DecodePool(engine, threads=1, capacity=8, max_lag_s=1000.0, clock=clock) as pool:
        stream = pool.open(ignore)
        for _ in range(1000):
            stream.feed(b"\1" * 320)
            assert engine.arrived.acquire(timeout=WAIT_S)  # at most the next one waits with it
        stream.flush().result(WAIT_S)
        assert pool.load.busy == 0.0
        for _ in range(7):
            pool.open(ignore)


def test_where_one_call_is_too_much_already_it_is_heard_all_the_same() -> None:
    """Else nobody would be heard again: what a call costs is learned from calls."""
    clock, engine = Clock(), GatedEngine()
    costing(clock, engine, 1.5)
    with DecodePool(engine, threads=1, capacity=8, max_lag_s=1000.0, clock=clock) as pool:
        heard_for(pool, 100)
        alone = pool.open(ignore)
        with pytest.raises(PoolBusy):
            pool.open(ignore)
        alone.cancel()
        costing(clock, engine, 0.1)
        heard_for(pool, 400)
        clock.now += 60.0
        heard_for(pool, 400)
        for _ in range(3):
            pool.open(ignore)


def test_what_the_pool_carries_can_be_watched() -> None:
    clock, engine = Clock(), GatedEngine()
    with DecodePool(engine, threads=1, capacity=4, max_lag_s=60.0, clock=clock) as pool:
        assert pool.load == Load(calls=0, capacity=4, lag_s=0.0, decoded_s=0.0, busy=0.0)
        with engine.closed_gate():
            stream, other = pool.open(ignore), pool.open(ignore)
            stream.feed(b"\1" * (2 * TURN_BYTES))
            clock.now += 0.5
            assert pool.load == Load(calls=2, capacity=4, lag_s=0.5, decoded_s=0.0, busy=0.0)
        stream.finish().result(WAIT_S)
        other.cancel()
        assert pool.load == Load(calls=0, capacity=4, lag_s=0.0, decoded_s=0.4, busy=0.0)


def test_a_frozen_call_costs_one_thread_and_nobody_else() -> None:
    """libvosk may hang on one call: the others go on, and closing does not wait for ever."""
    frozen, healthy = threading.Event(), GatedEngine()

    class Freezing:
        name = "freezing"

        def __init__(self) -> None:
            self.first = True

        def open(self) -> object:
            recogniser = healthy.open()
            if self.first:
                self.first = False
                frozen.wait()
            return recogniser

    pool = DecodePool(Freezing(), threads=2, capacity=4, max_lag_s=60.0)  # type: ignore[arg-type]
    stuck = pool.open(ignore)
    stuck.feed(b"\1" * 320)
    for _ in range(3):
        other = pool.open(ignore)
        other.feed(b"\1" * 320)
        assert other.finish().result(WAIT_S).text == "all 320"
    pool.close(timeout_s=0.05)
    assert isinstance(stuck.finish().exception(0), PoolClosed)
    frozen.set()
    pool.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("asr-decode")]


def test_close_leaves_no_thread_and_takes_no_call() -> None:
    before = set(threading.enumerate())
    pool = DecodePool(GatedEngine(), threads=4, capacity=4, max_lag_s=60.0)
    assert len(set(threading.enumerate()) - before) == 4
    pool.close()
    pool.close()
    assert set(threading.enumerate()) == before
    with pytest.raises(PoolClosed):
        pool.open(ignore)


def test_close_frees_the_recognisers() -> None:
    engine = GatedEngine()
    pool = DecodePool(engine, threads=1, capacity=4, max_lag_s=60.0)
    streams = [pool.open(ignore) for _ in range(3)]
    for stream in streams:
        stream.feed(b"\1" * 320)
        assert engine.arrived.acquire(timeout=WAIT_S)
    pool.close()
    for _ in streams:
        assert engine.freed.acquire(timeout=WAIT_S)


@pytest.mark.parametrize(("threads", "capacity", "lag"), [(0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0)])
def test_a_pool_that_could_serve_nobody_is_refused(threads: int, capacity: int, lag: float) -> None:
    with pytest.raises(ValueError, match="at least one"):
        DecodePool(GatedEngine(), threads, capacity, lag)


def test_words_spoken_early_are_known_before_the_caller_stops(engine: VoskEngine, say: Say) -> None:
    """Law of the short path: a police word is reported while the call goes on."""
    heard = threading.Event()

    def listen(utterance: Utterance) -> None:
        if "抢劫" in utterance.text and not utterance.is_final:
            heard.set()

    speech = say("有人抢劫，你们快来")
    beginning = speech[: int(1.9 * 8000)]
    assert np.abs(speech[len(beginning) :]).max() > 1000  # there is more to come
    with DecodePool(engine, threads=1, capacity=1, max_lag_s=60.0) as pool:
        stream = pool.open(listen)
        for at in range(0, len(beginning), 160):
            stream.feed(beginning[at : at + 160].tobytes())
        assert heard.wait(WAIT_S)
        stream.cancel()
