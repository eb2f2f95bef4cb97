"""What a call's recognition costs in memory: the process before and after so many streams, in a process of its own.

Short: three seconds of speech are being recognised. Long: sentence upon sentence for as long as a call is ever listened
to. Beside it waits at most the sound that has not been decoded yet, 16,000 bytes a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from asr.pool import DecodePool
from asr.vosk_engine import VoskEngine
from bench.audio import SENTENCES, spoken
from ivr.config import BUNDLED_MODEL, ROOT
from ivr.patience import Patience

STREAMS = 20
SHORT_S = 3.0


def run(say: Callable[[str], None]) -> None:
    """Print the model's memory, and that of a stream after a short and after the longest utterance."""
    for length_s in (SHORT_S, Patience().listen_limit_s):
        done = subprocess.run(
            [sys.executable, "-c", f"from bench.memory import measure; measure({length_s})"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        say(done.stdout.strip())


def measure(length_s: float) -> None:
    """Print what this process grows by with the model and with `STREAMS` streams of so many seconds."""
    speech = b"".join(spoken(sentence.text, sentence.voice) for sentence in SENTENCES)[
        : int(16000 * length_s)
    ]
    empty = _resident()
    engine = VoskEngine(BUNDLED_MODEL)
    with DecodePool(engine, None, STREAMS + 1, max_lag_s=1e6) as pool:
        first = pool.open(lambda _: None)
        first.feed(speech)
        first.finish().result()  # what libvosk makes once and keeps
        loaded = _resident()
        streams = [pool.open(lambda _: None) for _ in range(STREAMS)]
        for stream in streams:
            stream.feed(speech)
        length = len(speech) / 16000
        while pool.load.decoded_s < (STREAMS + 1) * length:
            time.sleep(0.05)
        each = (_resident() - loaded) / STREAMS
        for stream in streams:
            stream.cancel()
    print(
        f"model {(loaded - empty) / 2**20:.0f} MiB, shared by all; a stream with {length:.0f} s of speech"
        f" {each / 2**20:.2f} MiB, and up to {16000 * length / 2**20:.2f} MiB of sound that waits"
    )


def _resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
