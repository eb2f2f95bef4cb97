"""Calls in real time per core: the decode pool against raw Vosk on the same audio. And how soon each word is known."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable

import vosk

from asr.pool import DecodePool
from asr.vosk_engine import VoskEngine
from bench.audio import SENTENCES, seconds, spoken
from bench.realtime import FRAME_S, drive, speeches
from ivr.config import BUNDLED_MODEL

FRAME_BYTES = 320
ROUNDS = 5
COPIES = 4
"""Times that the sentences are decoded in one measurement."""
AT_ONCE = (1, 20)
"""Calls in real time, of whose words it is measured how soon they are known."""
IN_REAL_TIME_S = 30.0


def run(say: Callable[[str], None]) -> None:
    """Print streams in real time per core for both, and the ratio of each pair of runs."""
    vosk.SetLogLevel(-1)
    audio = [spoken(sentence.text, sentence.voice) for sentence in SENTENCES] * COPIES
    length = sum(seconds(pcm) for pcm in audio)
    engine, model = VoskEngine(BUNDLED_MODEL), vosk.Model(str(BUNDLED_MODEL))
    cores = len(os.sched_getaffinity(0))
    ratios, pools = [], []
    for _ in range(ROUNDS):
        raw_s = _cpu(lambda: [_raw(model, pcm) for pcm in audio])
        pool_s = _cpu(lambda: _pooled(engine, audio, threads=cores))
        ratios.append(raw_s / pool_s)
        pools.append(length / pool_s)
    say(
        f"decode pool: {statistics.median(pools):.0f} streams in real time per core ({length:.0f} s of speech)"
    )
    say(f"  against raw Vosk on the same audio: {_spread(ratios)} (1 = as many)")
    _in_real_time(engine, say)


def _in_real_time(engine: VoskEngine, say: Callable[[str], None]) -> None:
    """Print how soon words are known, for one call and for many at once."""
    sentences = speeches(engine)
    say(f"from the end of a word to the partial that holds it, sound in real time for {IN_REAL_TIME_S:g} s:")
    for calls in AT_ONCE:
        with DecodePool(engine, None, calls, max_lag_s=1e6) as pool:
            tally = drive(pool, sentences, lines=calls, for_s=IN_REAL_TIME_S)
        words, late = len(tally.delays_s), tally.late_s
        say(
            f"  {calls:2} at once: median {tally.median_s:.2f} s, p95 {tally.p95_s:.2f} s ({words} words, greatest lag"
            f" of a call {max(tally.lags_s):.2f} s"
            + (f"; THE MEASUREMENT ITSELF WAS {late:.2f} s LATE)" if late > 5 * FRAME_S else ")")
        )


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _raw(model: vosk.Model, pcm: bytes) -> str:
    """What anybody would write: 20 ms pieces, partial results read, words wanted."""
    recogniser = vosk.KaldiRecognizer(model, 8000)
    recogniser.SetWords(True)
    recogniser.SetPartialWords(True)
    text = []
    for at in range(0, len(pcm), FRAME_BYTES):
        if recogniser.AcceptWaveform(pcm[at : at + FRAME_BYTES]):
            text.append(json.loads(recogniser.Result())["text"])
        else:
            json.loads(recogniser.PartialResult())
    return "".join([*text, json.loads(recogniser.FinalResult())["text"]])


def _pooled(engine: VoskEngine, audio: list[bytes], *, threads: int) -> None:
    with DecodePool(engine, threads, len(audio), max_lag_s=1e6) as pool:
        streams = [pool.open(lambda _utterance: None) for _ in audio]
        for stream, pcm in zip(streams, audio, strict=True):
            for at in range(0, len(pcm), FRAME_BYTES):
                stream.feed(pcm[at : at + FRAME_BYTES])
        for future in [stream.finish() for stream in streams]:
            future.result()


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
