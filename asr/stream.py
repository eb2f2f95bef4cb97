"""One call's place in the decode pool: audio in on the event loop's thread, words out on a pool thread.

A stream is open until finish() was served, cancel() was called, its recogniser failed, or the pool closed.
All its state is guarded by the pool's lock, except the recogniser: that belongs to the thread with the turn.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

import structlog

from asr.errors import StreamClosed
from asr.recogniser import Engine, Recogniser
from asr.utterance import Utterance

OnUtterance = Callable[[Utterance], None]
OnFailure = Callable[[Exception], None]

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a thread does for a stream before the next stream has its turn."""

    pcm: bytes  # s16le 8 kHz, possibly empty
    flush: bool  # flush() was called when the audio had come this far
    is_last: bool  # finish() was called and this is all that is left
    ended: bool  # the stream has ended: only its recogniser is to be freed


class Schedule(Protocol):
    """What a stream needs of its pool; all called with the lock held."""

    lock: threading.Condition

    def now(self) -> float:
        """Return the pool's clock in seconds."""
        ...

    def wake(self, stream: "SpeechStream") -> None:
        """Put a stream with something to do into the queue, unless it stands there or is being decoded."""
        ...

    def release(self, stream: "SpeechStream") -> None:
        """Give back the place of a stream that has ended."""
        ...


class SpeechStream:
    """Made by DecodePool.open() and open_spare(). feed(), flush(), finish() and cancel() never block."""

    def __init__(
        self,
        engine: Engine,
        schedule: Schedule,
        on_utterance: OnUtterance,
        on_failure: OnFailure | None,
        *,
        spare: bool = False,
    ) -> None:
        self._engine = engine
        self._schedule = schedule
        self._on_utterance = on_utterance
        self._on_failure = on_failure
        # (arrival, audio or the flush that waits for all before it), oldest first
        self._pending: deque[tuple[float, memoryview | Future[Utterance]]] = deque()
        self._flushing: Future[Utterance] | None = None  # of the turn under way
        self._decoding_since: float | None = None  # arrival of the oldest audio of the turn under way
        self._future: Future[Utterance] | None = None  # made by finish()
        self._failure: Exception | None = None
        self._ended = False
        self._greatest_lag_s = 0.0
        self._recogniser: Recogniser | None = None
        self.is_spare = spare  # decoded after all others
        self.is_scheduled = False  # in the pool's queue, or a thread has its turn; the pool's to write

    def feed(self, pcm: bytes | bytearray | memoryview) -> None:
        """Hand over audio, s16le mono 8 kHz; ignored once the stream was cancelled or has failed.

        Raises StreamClosed after finish().
        """
        with self._schedule.lock:
            if self._ended or not pcm:
                return
            if self._future is not None:
                raise StreamClosed("finish() 之后不能再送音频：请先开新的识别流（feed after finish）。")
            self._pending.append((self._schedule.now(), memoryview(bytes(pcm))))
            self._schedule.wake(self)

    def flush(self) -> Future[Utterance]:
        """Ask for the final utterance of what was fed so far; what is fed later begins a new one.

        The stream stays open and keeps its place: a caller who was admitted is heard to the end of the call. The
        future fails, or is cancelled, as that of finish().
        """
        future: Future[Utterance] = Future()
        with self._schedule.lock:
            ended, failure = self._ended or self._future is not None, self._failure
            if not ended:
                self._pending.append((self._schedule.now(), future))
                self._schedule.wake(self)
        if ended:
            _settle(future, failure)
        return future

    def finish(self) -> Future[Utterance]:
        """Say that the audio is over; the future gives the final utterance of what was not final yet.

        That utterance does not go to on_utterance as well. The future fails with the recogniser's error if
        that fails, with PoolClosed if the pool closes first, and is cancelled by cancel().
        """
        with self._schedule.lock:
            if self._future is not None:
                return self._future
            future = self._future = Future()
            ended, failure = self._ended, self._failure
            if not ended:
                self._schedule.wake(self)
        if ended:
            _settle(future, failure)
        return future

    def cancel(self) -> None:
        """Give up: waiting audio is forgotten, the place is free at once; idempotent.

        One utterance that is being decoded at this moment may still be reported.
        """
        self._end(None)

    def abandon(self, reason: Exception) -> None:
        """End the stream with `reason` because the pool closes."""
        self._end(reason)

    @property
    def lag_s(self) -> float:
        """Greatest lag of this call in seconds, until now or until its end.

        How old a piece of its audio was when it had been decoded, or has grown without having been.
        """
        with self._schedule.lock:
            return self._lag()

    @property
    def oldest(self) -> float | None:
        """When the oldest audio that has not been decoded arrived (pool's clock); None when none waits."""
        if self._decoding_since is not None:
            return self._decoding_since
        return self._pending[0][0] if self._pending else None

    @property
    def has_work(self) -> bool:
        """Whether the stream needs another turn. Lock held."""
        if self._ended:
            return self._recogniser is not None
        return bool(self._pending) or self._future is not None

    def take(self, size: int) -> Turn:
        """Take the next turn: at most `size` bytes, and nothing beyond a flush. Lock held."""
        if self._ended:
            return Turn(b"", flush=False, is_last=False, ended=True)
        pieces: list[memoryview] = []
        room = size
        while self._pending and room and self._flushing is None:
            arrived, piece = self._pending.popleft()
            if self._decoding_since is None:
                self._decoding_since = arrived
            if isinstance(piece, Future):
                self._flushing = piece
                break
            if len(piece) > room:
                self._pending.appendleft((arrived, piece[room:]))
            pieces.append(piece[:room])
            room -= len(pieces[-1])
        is_last = self._future is not None and not self._pending and self._flushing is None
        return Turn(b"".join(pieces), flush=self._flushing is not None, is_last=is_last, ended=False)

    def turned(self) -> None:
        """Note that the turn is over. Lock held."""
        self._greatest_lag_s = self._lag()
        self._decoding_since = None

    def decode(self, turn: Turn) -> None:
        """Do one turn, on a pool thread, without the lock. Never raises: a failure ends this stream only."""
        if turn.ended:
            self._recogniser = None  # frees libvosk's memory here rather than on the event loop
            return
        try:
            final = self._decode(turn)
        except Exception as error:  # noqa: BLE001 - whatever an engine or a callback raises is this call's fault alone
            self._fail(error)
            return
        if turn.is_last:
            self._end(final)
        elif turn.flush:
            with self._schedule.lock:
                future, self._flushing = self._flushing, None
            if future is not None:  # else the stream has ended meanwhile, and whoever ended it has settled it
                _settle(future, final)

    def _decode(self, turn: Turn) -> Utterance | None:
        """Decode the turn's audio; return the final utterance if it is asked for."""
        if self._recogniser is None:
            if turn.flush and not turn.pcm:
                return Utterance("", is_final=True)  # nothing was fed since the last one
            self._recogniser = self._engine.open()
        if turn.pcm:
            utterance = self._recogniser.accept(turn.pcm)
            if utterance is not None and not self._ended:
                self._on_utterance(utterance)
        if not turn.flush and not turn.is_last:
            return None
        final = self._recogniser.finish()
        self._recogniser = None
        return final

    def _lag(self) -> float:
        """Return the greatest lag in seconds; what an ended stream leaves undecoded ages no more. Lock held."""
        if self._ended or (oldest := self.oldest) is None:
            return self._greatest_lag_s
        return max(self._greatest_lag_s, self._schedule.now() - oldest)

    def _fail(self, error: Exception) -> None:
        """End this stream with an error and report it."""
        _LOG.warning("decode.failed", engine=self._engine.name, error=repr(error))
        self._recogniser = None
        if self._end(error) and self._on_failure is not None:
            try:
                self._on_failure(error)
            except Exception as second:  # noqa: BLE001 - a callback must not cost a pool thread
                _LOG.exception("decode.on_failure_raised", error=repr(second))

    def _end(self, outcome: Utterance | Exception | None) -> bool:
        """End the stream, free its place, settle whatever waits; False when it had ended before.

        `outcome`: the final utterance, what went wrong, or None for cancelled.
        """
        with self._schedule.lock:
            if self._ended:
                return False
            self._greatest_lag_s = self._lag()
            self._ended = True
            self._failure = outcome if isinstance(outcome, Exception) else None
            waiting = [item for _, item in self._pending if isinstance(item, Future)]
            waiting += [future for future in (self._flushing, self._future) if future is not None]
            self._flushing = None
            self._pending.clear()
            self._schedule.release(self)
            self._schedule.wake(self)
        for future in waiting:  # outside the lock: a future calls back whoever waits for it
            _settle(future, outcome)
        return True


def _settle(future: Future[Utterance], outcome: Utterance | Exception | None) -> None:
    """Give a future its outcome, unless whoever waits has cancelled it."""
    if outcome is None:
        future.cancel()
        future.set_running_or_notify_cancel()  # so that concurrent.futures.wait() takes notice
    elif not future.set_running_or_notify_cancel():
        return
    elif isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
