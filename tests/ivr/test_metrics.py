"""What Prometheus is told: read from a real pool and from what the record is told, for each node its own."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from asr.errors import PoolBehind, PoolBusy, PoolClosed, PoolFull, PoolMissing
from asr.pool import TURN_BYTES, DecodePool
from asr.vosk_engine import VoskEngine
from ivr.decoders import NoDecoders
from ivr.dialogue import Outcome, Reason
from ivr.journal import Journal
from ivr.metrics import Metrics
from records.events import CallEvent, EventKind
from tests.asr.engines import Clock, GatedEngine
from tests.ivr.conftest import Say
from tests.ivr.scripted_engine import ScriptedEngine
from transfer.caller_history import History
from triage.engine import Triage

WAIT_S = 60.0


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.collectors.get_sample_value(f"minsheng110_{name}", labels)


def without_speech(metrics: Metrics) -> dict[str, float | None]:
    causes = ("full", "busy", "lag", "model", "closed", "failed")
    return {cause: value(metrics, "calls_without_speech_total", cause=cause) for cause in causes}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_a_full_pool_and_a_closed_one(metrics: Metrics, engine: ScriptedEngine) -> None:
    with DecodePool(engine, 1, 2, 30.0) as pool:
        decoders = metrics.counting(pool)
        first, _ = decoders.open(lambda _: None), decoders.open(lambda _: None)
        assert (value(metrics, "listening_calls"), value(metrics, "listening_capacity")) == (2, 2)
        for _ in range(3):
            with pytest.raises(PoolFull):
                decoders.open(lambda _: None)
        first.cancel()
        assert value(metrics, "listening_calls") == 1
    with pytest.raises(PoolClosed):
        decoders.open(lambda _: None)
    assert without_speech(metrics) == {"full": 3, "busy": 0, "lag": 0, "model": 0, "closed": 1, "failed": 0}
    assert value(metrics, "listening_calls") == 0


def test_a_real_recogniser_that_falls_behind_sheds_new_calls_and_hears_the_old_one_out(
    metrics: Metrics, vosk: VoskEngine, say: Say
) -> None:
    clock, sentence = Clock(), say("有人抢劫，你们快来")
    with DecodePool(vosk, 1, 4, 0.5, clock=clock) as pool:
        decoders = metrics.counting(pool)
        stream = decoders.open(lambda _: None)
        stream.feed(sentence * 20)  # libvosk works on it for longer than the few lines below
        clock.now += 2.0
        assert value(metrics, "decode_lag_seconds") == 2.0
        with pytest.raises(PoolBehind):
            decoders.open(lambda _: None)
        last = stream.finish().result(WAIT_S)
        assert "抢劫" in last.text
        assert stream.lag_s == 2.0
        decoders.open(lambda _: None).cancel()  # caught up: the next call is heard again
        heard_s = value(metrics, "decoded_seconds_total")
    assert heard_s == pytest.approx(20 * len(sentence) / 16000)
    assert without_speech(metrics) == {"full": 0, "busy": 0, "lag": 1, "model": 0, "closed": 0, "failed": 0}


def test_how_busy_the_threads_are_and_whom_that_turns_away(metrics: Metrics) -> None:
    clock, costly = Clock(), GatedEngine()

    def half_a_thread(pcm: bytes) -> None:
        clock.now += 0.5 * len(pcm) / 16000

    costly.on_accept = half_a_thread
    with DecodePool(costly, 1, 8, 1000.0, clock=clock) as pool:
        decoders = metrics.counting(pool)
        first = decoders.open(lambda _: None)
        first.feed(b"\1" * (100 * TURN_BYTES))
        assert first.flush().result(WAIT_S) is not None
        assert value(metrics, "decode_busy_ratio") == pytest.approx(0.5)
        with pytest.raises(PoolBusy):
            decoders.open(lambda _: None)
    assert without_speech(metrics) == dict.fromkeys(("full", "lag", "model", "closed", "failed"), 0) | {
        "busy": 1
    }


def test_a_second_stream_that_is_refused_or_breaks_is_no_call_without_speech(
    metrics: Metrics, engine: ScriptedEngine
) -> None:
    ear = ScriptedEngine()
    ear.fails_to_open = True
    with DecodePool(engine, 1, 2, 30.0) as pool:
        decoders = metrics.counting(pool)
        broken = decoders.open_spare(ear, lambda _: None)
        assert value(metrics, "listening_calls") == 0
        with pytest.raises(RuntimeError, match="no recogniser"):
            broken.finish().result(WAIT_S)
        decoders.open(lambda _: None)
        decoders.open(lambda _: None)
        with pytest.raises(PoolFull):
            decoders.open_spare(ear, lambda _: None)
    assert without_speech(metrics) == dict.fromkeys(("full", "busy", "lag", "model", "closed", "failed"), 0)


def test_a_recogniser_that_breaks_is_counted_and_its_call_told(
    metrics: Metrics, engine: ScriptedEngine
) -> None:
    engine.hears(RuntimeError("libvosk has had enough"), RuntimeError("and again"))
    told: list[BaseException] = []
    failed = threading.Event()

    def on_failure(error: BaseException) -> None:
        told.append(error)
        failed.set()

    with DecodePool(engine, 1, 2, 30.0) as pool:
        decoders = metrics.counting(pool)
        decoders.open(lambda _: None, on_failure).feed(b"\1" * 320)
        assert failed.wait(WAIT_S)
        nobody_asks = decoders.open(lambda _: None)
        nobody_asks.feed(b"\1" * 320)
        assert isinstance(nobody_asks.finish().exception(WAIT_S), RuntimeError)
    assert [str(error) for error in told] == ["libvosk has had enough"]
    assert without_speech(metrics)["failed"] == 2


def test_without_a_model(metrics: Metrics) -> None:
    decoders = metrics.counting(NoDecoders("no model"))
    with pytest.raises(PoolMissing):
        decoders.open(lambda _: None)
    assert without_speech(metrics)["model"] == 1
    assert value(metrics, "listening_capacity") == 0


def test_calls_are_counted_by_where_they_went_and_why(metrics: Metrics, triage: Triage) -> None:
    journal, none_before = Journal(metrics.take), History(24, {})
    livelihood, police = triage.decide("我家水管爆了"), triage.decide("")
    journal.decided("a", Outcome(livelihood, Reason.HEARD, 5.0, lag_s=0.04), none_before)
    journal.decided("b", Outcome(livelihood, Reason.HEARD, 5.0, lag_s=0.4), none_before)
    journal.decided("c", Outcome(police, Reason.SHED, 0.0, lag_s=0.0), none_before)
    journal.fault("d", "TimeoutError", "the audio did not join")
    assert value(metrics, "decided_calls_total", route="minsheng", reason="heard") == 2
    assert value(metrics, "decided_calls_total", route="police", reason="shed") == 1
    assert value(metrics, "faults_total", what="TimeoutError") == 1
    assert value(metrics, "call_decode_lag_seconds_count") == 2  # who was not listened to has no lag
    assert value(metrics, "call_decode_lag_seconds_bucket", le="0.05") == 1
    assert value(metrics, "call_decode_lag_seconds_sum") == pytest.approx(0.44)


def test_whatever_else_the_record_is_told_is_no_number(metrics: Metrics) -> None:
    before = {sample.name: sample.value for m in metrics.collectors.collect() for sample in m.samples}
    for kind in set(EventKind) - {EventKind.DECIDED, EventKind.FAULT}:
        metrics.take(CallEvent("a", kind, datetime.now(UTC), {}))
    after = {sample.name: sample.value for m in metrics.collectors.collect() for sample in m.samples}
    ours = {name for name in before if name.startswith("minsheng110_")}
    assert ours
    assert {name: after[name] for name in ours} == {name: before[name] for name in ours}


def test_each_node_has_numbers_of_its_own(metrics: Metrics) -> None:
    metrics.counting(NoDecoders("no model"))
    other = Metrics()
    other.counting(NoDecoders("no model"))
    metrics.take(CallEvent("a", EventKind.FAULT, datetime.now(UTC), {"what": "x"}))
    assert value(other, "faults_total", what="x") is None
    assert not [m.name for m in REGISTRY.collect() if m.name.startswith("minsheng110")]


def test_memory_is_told(metrics: Metrics) -> None:
    resident = metrics.collectors.get_sample_value("process_resident_memory_bytes")
    assert resident is not None
    assert resident > 10e6
