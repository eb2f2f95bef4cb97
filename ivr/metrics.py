"""What a node tells of itself in numbers, for Prometheus. Each node has a registry of its own.

Nothing here is asked when a call is decided. What the decoders carry is read when somebody asks; what became of the
calls is counted as it is told to the record, whether or not the database is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from asr.errors import PoolBehind, PoolBusy, PoolClosed, PoolError, PoolFull, PoolMissing
from asr.pool import Load, SpeechStream
from asr.recogniser import Engine
from asr.utterance import Utterance
from ivr.decoders import Decoders
from ivr.dialogue import Reason
from records.events import CallEvent, EventKind

_FAILED: Final = "failed"
_CAUSES: Final[dict[type[PoolError], str]] = {
    PoolFull: "full",
    PoolBusy: "busy",
    PoolBehind: "lag",
    PoolMissing: "model",
    PoolClosed: "closed",
}
_LAGS_S: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class Metrics:
    """One node's counters. Every method may be called from any thread and never blocks."""

    def __init__(self) -> None:
        self.collectors = CollectorRegistry()
        ProcessCollector(registry=self.collectors)
        self._decided = Counter(
            "minsheng110_decided_calls",
            "已分流的来电，按去向和原因（reason 与记录中的相同）",
            ("route", "reason"),
            registry=self.collectors,
        )
        self._lag = Histogram(
            "minsheng110_call_decode_lag_seconds",
            "每个来电的识别落后于声音的最大秒数（只计识别过的来电）",
            buckets=_LAGS_S,
            registry=self.collectors,
        )
        self._faults = Counter(
            "minsheng110_faults",
            "来电处理中的故障（what：错误的名称）；没有去向的来电由拨号方案转 110",
            ("what",),
            registry=self.collectors,
        )
        self._without_speech = Counter(
            "minsheng110_calls_without_speech",
            "未经识别（failed：识别中途失败）而直接转 110 的来电："
            "full 路数已满，busy 再多一路就来不及，lag 识别落后，model 没有语音模型，closed 正在停止",
            ("cause",),
            registry=self.collectors,
        )
        for cause in (*_CAUSES.values(), _FAILED):
            self._without_speech.labels(cause)  # an alert on its growth needs the 0 it grew from

    def take(self, event: CallEvent) -> None:
        """Count what the record is told of a call."""
        if event.kind is EventKind.DECIDED:
            reason = str(event.data["reason"])
            self._decided.labels(str(event.data["route"]), reason).inc()
            if reason != Reason.SHED:
                self._lag.observe(float(str(event.data["lag_s"])))
        elif event.kind is EventKind.FAULT:
            self._faults.labels(str(event.data["what"])).inc()

    def counting(self, decoders: Decoders) -> Decoders:
        """The same decoders, watched from now on: what they carry, whom they refuse, and where they fail."""
        self.collectors.register(_LoadCollector(decoders))
        return _CountedDecoders(decoders, self._without_speech)


class _LoadCollector(Collector):
    """Reads what the decoders carry at the moment when somebody asks."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders

    def collect(self) -> Iterator[Metric]:
        """One look at the pool for all of them."""
        load = self._decoders.load
        yield GaugeMetricFamily("minsheng110_listening_calls", "正在识别的来电", load.calls)
        yield GaugeMetricFamily(
            "minsheng110_listening_capacity", "最多同时识别的来电；0：没有语音模型", load.capacity
        )
        yield GaugeMetricFamily("minsheng110_decode_lag_seconds", "最久未识别的声音已等待的秒数", load.lag_s)
        yield GaugeMetricFamily(
            "minsheng110_decode_busy_ratio",
            "正在识别的来电需要识别线程多少时间（比例；不忙时为 0）；将超过 0.9 时新来电不再识别",
            load.busy,
        )
        yield CounterMetricFamily("minsheng110_decoded_seconds", "已识别的声音秒数", load.decoded_s)


class _CountedDecoders:
    """Decoders that count the calls which have to do without them."""

    def __init__(self, decoders: Decoders, without_speech: Counter) -> None:
        self._decoders = decoders
        self._without_speech = without_speech

    @property
    def load(self) -> Load:
        return self._decoders.load

    def open(
        self,
        on_utterance: Callable[[Utterance], None],
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> SpeechStream:
        def failed(error: BaseException) -> None:
            self._without_speech.labels(_FAILED).inc()
            if on_failure is not None:
                on_failure(error)

        try:
            return self._decoders.open(on_utterance, failed)
        except PoolError as refused:
            self._without_speech.labels(_CAUSES.get(type(refused), _FAILED)).inc()
            raise

    def open_spare(self, engine: Engine, on_utterance: Callable[[Utterance], None]) -> SpeechStream:
        # Not counted: a call that has to do without is listened to all the same.
        return self._decoders.open_spare(engine, on_utterance)
