"""The threads that decode all calls, and the fair order in which they do it.

One lock guards all bookkeeping; decoding itself runs outside it (libvosk releases the GIL). A stream that has
something to decode stands once in a queue. A thread takes the first stream, decodes one *turn* of it (at most
0.2 s of audio), and puts it back at the end when more is waiting: round-robin, one thread a call at a time,
each call's audio in order. Nothing is ever dropped. A pool refuses a call that would take more of the threads' time
than there is, by what the others have cost (`pace.py`); one that falls behind all the same lags, says so in
`lag_s`, and refuses new calls, too.

A *spare* stream is a second one of a call that has its place: it takes no place, is decoded only while no call waits,
and whatever lags there delays and refuses nobody.

A frozen or broken recogniser costs its own call; the others do not notice. feed(), flush(), finish() and cancel()
only take the lock for a moment: they are meant for the event loop's thread.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from asr.errors import PoolBehind, PoolBusy, PoolClosed, PoolFull
from asr.pace import Pace
from asr.recogniser import SAMPLE_BYTES, SAMPLE_RATE, Engine
from asr.stream import OnFailure, OnUtterance, SpeechStream

__all__ = ["TURN_BYTES", "DecodePool", "Load", "SpeechStream"]

_LOG = structlog.get_logger(__name__)

# One turn's audio, 0.2 s. Short enough that 30 calls behind one another wait little (decoding it takes 4 to
# 14 ms), long enough that a pool which has fallen behind decodes in efficient pieces.
TURN_BYTES = SAMPLE_RATE * SAMPLE_BYTES // 5
# A pool with time to spare decodes every packet by itself, which takes more time than is needed. What a call must cost
# is seen in turns of half the length or more, which come as soon as calls wait for one another.
_TELLING_BYTES = TURN_BYTES // 2
_BUSIEST = 0.9  # share of the threads' time that the calls may take; the rest is for what comes in bursts
_SPARE_SHARE = 0.5  # of the places and of the greatest lag: beyond it no spare stream is opened
_NICENESS = 5  # of the decoding threads: nice(2), 0 is ordinary, 19 the humblest


@dataclass(frozen=True, slots=True)
class Load:
    """What a pool carries at one moment."""

    calls: int
    """Open streams: calls that are being listened to."""
    capacity: int
    """How many there may be."""
    lag_s: float
    """Age in seconds of the oldest audio that has not been decoded; 0.0 when nothing waits."""
    decoded_s: float
    """Seconds of audio decoded since the pool was made, that of spare streams included."""
    busy: float
    """Share of the decoding threads' time that these calls need; 0.0 while it is little enough not to be known."""


class DecodePool:
    """Decodes up to `capacity` calls on `threads` threads (None: one per core of this process)."""

    def __init__(
        self,
        engine: Engine,
        threads: int | None,
        capacity: int,
        max_lag_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the threads. `max_lag_s`: seconds of lag from which on new calls are refused."""
        count = len(os.sched_getaffinity(0)) if threads is None else threads
        if count < 1 or capacity < 1 or max_lag_s <= 0:
            raise ValueError("a decode pool needs at least one thread, one place and a positive lag limit")
        self._engine = engine
        self._capacity = capacity
        self._max_lag_s = max_lag_s
        self._clock = clock
        self.lock = threading.Condition()  # guards everything below and every stream's state
        self._streams: set[SpeechStream] = set()  # open calls: each holds a place
        self._spare: set[SpeechStream] = set()
        self._ready: deque[SpeechStream] = deque()  # streams with work, none of them being decoded
        self._spare_ready: deque[SpeechStream] = deque()  # the same of spare streams
        self._decoded_bytes = 0
        self._pace = Pace()
        self._closed = False  # no new calls
        self._stopping = False  # threads end when nothing is left to free
        self._threads = [
            threading.Thread(target=self._work, name=f"asr-decode-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def lag_s(self) -> float:
        """Age in seconds of the oldest audio that has not been decoded; 0.0 when nothing waits."""
        with self.lock:
            return self._lag()

    @property
    def load(self) -> Load:
        """What the pool carries now, for whoever watches it."""
        with self.lock:
            decoded_s = self._decoded_bytes / (SAMPLE_RATE * SAMPLE_BYTES)
            calls = len(self._streams)
            return Load(calls, self._capacity, self._lag(), decoded_s, self._busy(calls))

    def open(self, on_utterance: OnUtterance, on_failure: OnFailure | None = None) -> SpeechStream:
        """Give a call its place and stream; never blocks (the recogniser is made on a pool thread).

        `on_utterance` gets every changed partial and every final utterance up to finish(); `on_failure` gets
        the error that ended this stream, once. Both are called on a pool thread and must not block.
        Raises PoolFull when there is no place, PoolBusy when one more call would be too much for the threads,
        PoolBehind when decoding lags too far, PoolClosed after close().
        """
        with self.lock:
            if self._closed:
                raise PoolClosed("语音识别池已关闭，请重新启动服务。")
            if len(self._streams) >= self._capacity:
                raise PoolFull(
                    f"语音识别已满（{self._capacity} 路）。本次来电不识别，直接转 110；可增加机器。"
                )
            busy = self._busy(len(self._streams) + 1)
            # Alone a call is always heard: from it is learned anew what a call costs.
            if self._streams and busy > _BUSIEST:
                raise PoolBusy(
                    f"再识别一路来电将占用 {busy:.0%} 的识别时间（上限 {_BUSIEST:.0%}）。"
                    "本次来电不识别，直接转 110；请增加 CPU 或机器。"
                )
            lag = self._lag()
            if lag > self._max_lag_s:
                raise PoolBehind(
                    f"语音识别落后 {lag:.1f} 秒（上限 {self._max_lag_s:.1f} 秒）。"
                    "本次来电不识别，直接转 110；请增加 CPU 或机器。"
                )
            stream = SpeechStream(self._engine, self, on_utterance, on_failure)
            self._streams.add(stream)
            return stream

    def open_spare(
        self, engine: Engine, on_utterance: OnUtterance, on_failure: OnFailure | None = None
    ) -> SpeechStream:
        """Open a second stream for a call, decoded by `engine` while no call waits; it takes no call's place.

        Raises PoolFull when more than half of the places are taken, by spare streams too, PoolBehind when decoding
        lags by more than half of what refuses new calls, PoolClosed after close(): the call goes on with its first.
        """
        with self.lock:
            if self._closed:
                raise PoolClosed("语音识别池已关闭，请重新启动服务。")
            if len(self._streams) + len(self._spare) > self._capacity * _SPARE_SHARE:
                raise PoolFull(f"语音识别已过半（共 {self._capacity} 路），不再另开第二路识别。")
            lag = self._lag()
            if lag > self._max_lag_s * _SPARE_SHARE:
                raise PoolBehind(f"语音识别落后 {lag:.1f} 秒，不再另开第二路识别。")
            stream = SpeechStream(engine, self, on_utterance, on_failure, spare=True)
            self._spare.add(stream)
            return stream

    def close(self, timeout_s: float = 5.0) -> None:
        """End all streams (their futures fail with PoolClosed) and join the threads; idempotent.

        A turn being decoded is finished first. A thread that libvosk does not give back within `timeout_s` is
        left behind and logged: a native call cannot be interrupted.
        """
        with self.lock:
            self._closed = True
            streams = (*self._streams, *self._spare)
        for stream in streams:
            stream.abandon(PoolClosed("语音识别池已关闭，识别没有完成；请重新启动服务。"))
        with self.lock:
            self._stopping = True
            self.lock.notify_all()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                _LOG.error("decode.thread_frozen", thread=thread.name, waited_s=timeout_s)

    def now(self) -> float:
        """Return the pool's clock in seconds."""
        return self._clock()

    def wake(self, stream: SpeechStream) -> None:
        """Queue a stream that has something to do. Lock held; for streams only."""
        if stream.has_work and not stream.is_scheduled:
            stream.is_scheduled = True
            (self._spare_ready if stream.is_spare else self._ready).append(stream)
            self.lock.notify()

    def release(self, stream: SpeechStream) -> None:
        """Free an ended stream's place. Lock held; for streams only."""
        self._streams.discard(stream)
        self._spare.discard(stream)

    def _lag(self) -> float:
        """Return the lag in seconds of those who hold a place. Lock held."""
        oldest = min((at for stream in self._streams if (at := stream.oldest) is not None), default=None)
        return 0.0 if oldest is None else max(0.0, self._clock() - oldest)

    def _busy(self, calls: int) -> float:
        """Return the share of the threads' time that so many calls take. Lock held."""
        return self._pace.busy(calls, len(self._threads), self._clock())

    def _work(self) -> None:
        """One thread's life: turn after turn until the pool is closed and every ended stream is freed."""
        # below the event loop: when the cores are short, keys, pauses and the pulse come before more words
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while True:
            with self.lock:
                self.lock.wait_for(lambda: self._ready or self._spare_ready or self._stopping)
                waiting = self._ready or self._spare_ready
                if not waiting:
                    return
                stream = waiting.popleft()
                turn = stream.take(TURN_BYTES)
            began = self._clock()
            stream.decode(turn)
            with self.lock:
                self._decoded_bytes += len(turn.pcm)
                if not stream.is_spare and len(turn.pcm) >= _TELLING_BYTES:
                    now = self._clock()
                    self._pace.note(len(turn.pcm) / (SAMPLE_RATE * SAMPLE_BYTES), now - began, now)
                stream.turned()
                stream.is_scheduled = False
                self.wake(stream)
