"""Calls in real time through the decode pool: 20 ms of sound every 20 ms, and the moment at which each word is known.

Where a word ends is what libvosk itself says of the same sound, given to it alone beforehand. It counts as known with
the first report that holds it and all before it as they stand in the end: one that is corrected later, from then on.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import cycle, islice
from random import Random

import numpy as np

from asr.errors import PoolError
from asr.pool import DecodePool, SpeechStream
from asr.recogniser import Engine
from asr.transcript import transcribe
from asr.utterance import Utterance, join
from bench.audio import SENTENCES, seconds, spoken

FRAME_S = 0.02
_FRAME_BYTES = 320
_PAUSE_S = 0.5
"""Between two calls on a line."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A sentence's sound (s16le mono 8 kHz), and for each word the text up to it and the second at which it ends."""

    pcm: bytes
    words: tuple[tuple[str, float], ...]


def speeches(engine: Engine) -> list[Speech]:
    """The sentences of the measurements, each heard alone once to know its words' times."""
    return [_known(engine, spoken(sentence.text, sentence.voice)) for sentence in SENTENCES]


def _known(engine: Engine, pcm: bytes) -> Speech:
    words = [word for word in transcribe(engine, np.frombuffer(pcm, "<i2")).words if join([word.text])]
    texts = [_plain(join(word.text for word in words[: n + 1])) for n in range(len(words))]
    return Speech(pcm, tuple(zip(texts, (word.end_s for word in words), strict=True)))


def _plain(text: str) -> str:
    """Without the spaces between Latin words, which differ where an utterance ends."""
    return text.replace(" ", "")


@dataclass(slots=True)
class Tally:
    """What became of the calls of one measurement. Written by the pool's threads, too: under its lock."""

    offered: int = 0
    refused: int = 0
    delays_s: list[float] = field(default_factory=list)
    """From the end of each word to the first report that holds it."""
    lags_s: list[float] = field(default_factory=list)
    """Each call's greatest lag."""
    unknown_words: int = 0
    """Words that no report held as they were heard alone."""
    undecoded_s: float = 0.0
    """Sound that was fed and never decoded: none may be dropped."""
    throughput: float = 0.0
    """Seconds of sound decoded in a second while all lines were busy: streams in real time."""
    late_s: float = 0.0
    """By how much the measurement itself was late with a frame at worst."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def median_s(self) -> float:
        """Half of the words are known within so many seconds."""
        return statistics.median(self.delays_s)

    @property
    def p95_s(self) -> float:
        """Nineteen words of twenty are known within so many seconds."""
        return statistics.quantiles(self.delays_s, n=20, method="inclusive")[-1]

    @property
    def refused_share(self) -> float:
        """Calls that were refused, of those offered."""
        return self.refused / self.offered


class _Call:
    """One call: notes when what is reported first holds each word. `began` is the moment of its first sample."""

    def __init__(self, speech: Speech, began: float, tally: Tally) -> None:
        self.speech = speech
        self.over = threading.Event()
        self._began = began
        self._tally = tally
        self._finals = ""
        self._known = 0

    def take(self, utterance: Utterance) -> None:
        """A report of the recogniser's."""
        now, words = time.monotonic(), self.speech.words
        text = self._finals + _plain(utterance.text)
        with self._tally.lock:
            while self._known < len(words) and text.startswith(words[self._known][0]):
                self._tally.delays_s.append(now - self._began - words[self._known][1])
                self._known += 1
        if utterance.is_final:
            self._finals = text

    def end(self, last: Utterance, lag_s: float) -> None:
        """Its last words."""
        self.take(last)
        with self._tally.lock:
            self._tally.unknown_words += len(self.speech.words) - self._known
            self._tally.lags_s.append(lag_s)


class _Line:
    """One line: a call after the other, each speaking a sentence; who is refused is gone for as long."""

    def __init__(self, pool: DecodePool, sentences: Iterator[Speech], first_at: float, tally: Tally) -> None:
        self.ended: list[tuple[Future[Utterance], _Call]] = []
        self._pool = pool
        self._sentences = sentences
        self._next_at = first_at
        self._tally = tally
        self._on: tuple[SpeechStream, _Call, Iterator[bytes]] | None = None

    def tick(self, now: float, *, takes_calls: bool) -> bool:
        """20 ms have passed. Whether somebody is on the line."""
        if self._on is None:
            if takes_calls and now >= self._next_at:
                self._begin(now)
            return self._on is not None
        stream, call, frames = self._on
        frame = next(frames, None)
        if frame is not None:
            stream.feed(frame)
            return True
        self._on, self._next_at = None, now + _PAUSE_S
        last = stream.finish()
        self.ended.append((last, call))
        last.add_done_callback(lambda _: self._end(last, stream, call))
        return False

    def _begin(self, now: float) -> None:
        speech = next(self._sentences)
        call, pcm = _Call(speech, now, self._tally), speech.pcm
        self._tally.offered += 1
        try:
            stream = self._pool.open(call.take)
        except PoolError:
            self._tally.refused += 1
            self._next_at = now + seconds(pcm) + _PAUSE_S
            return
        frames = (pcm[at : at + _FRAME_BYTES] for at in range(0, len(pcm), _FRAME_BYTES))
        self._on = (stream, call, frames)

    def _end(self, last: Future[Utterance], stream: SpeechStream, call: _Call) -> None:
        """On a thread of the pool's."""
        try:
            call.end(last.result(), stream.lag_s)
        finally:
            call.over.set()


def drive(pool: DecodePool, sentences: Sequence[Speech], *, lines: int, for_s: float) -> Tally:
    """Keep `lines` lines busy for so many seconds, then hear every call out. Raises what a recogniser raised."""
    tally, chance = Tally(), Random(lines)
    before = pool.load.decoded_s
    began = time.monotonic()
    spread_s = min(4.0, for_s / 4)  # about a sentence: lines do not begin in step
    on = [
        _Line(pool, islice(cycle(sentences), n, None), began + chance.uniform(0, spread_s), tally)
        for n in range(lines)
    ]
    at, ends, busy = began, began + for_s, True
    from_then = began, before
    while busy or at < ends:
        at += FRAME_S
        if (early := at - time.monotonic()) > 0:
            time.sleep(early)  # sound comes in real time
        tally.late_s = max(tally.late_s, time.monotonic() - at)
        talking = [line.tick(at, takes_calls=at < ends) for line in on]
        busy = any(talking)
        if at < began + spread_s:
            from_then = time.monotonic(), pool.load.decoded_s
        elif at < ends:
            since, decoded_s = from_then
            tally.throughput = (pool.load.decoded_s - decoded_s) / (time.monotonic() - since)
    ended = [end for line in on for end in line.ended]
    for last, call in ended:
        call.over.wait()
        last.result()
    fed_s = sum(seconds(call.speech.pcm) for _, call in ended)
    tally.undecoded_s = fed_s - (pool.load.decoded_s - before)
    return tally
