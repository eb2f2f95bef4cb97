"""Engines, and a clock, that do exactly what a test of the pool needs: stop at a gate, fail at a byte, keep a diary.

Recognition itself is always tested with the real libvosk; these only provoke what a healthy engine does not do.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from asr.errors import RecogniserFailed
from asr.utterance import Utterance

FAIL = b"\xee"  # a recogniser that gets this byte breaks


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class GatedEngine:
    """Every accept() waits at the gate (open at first); everything done is written down."""

    name = "gated"

    def __init__(self, *, opens: bool = True) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.diary: list[tuple[int, bytes]] = []  # (recogniser, audio) in the order of decoding
        self.arrived = threading.Semaphore(0)  # released whenever an accept() begins
        self.threads: set[str] = set()
        self.freed = threading.Semaphore(0)  # released whenever a recogniser is freed
        self.opened = 0
        self.opens = opens
        self.on_accept: Callable[[bytes], None] = lambda _pcm: None

    def open(self) -> "GatedRecogniser":
        if not self.opens:
            raise RecogniserFailed("no recogniser today")
        self.opened += 1
        return GatedRecogniser(self, self.opened)

    @contextmanager
    def closed_gate(self) -> Iterator[None]:
        """Let no accept() pass inside the block."""
        self.gate.clear()
        try:
            yield
        finally:
            self.gate.set()


class GatedRecogniser:
    """Says how many bytes it has heard."""

    def __init__(self, engine: GatedEngine, number: int) -> None:
        self._engine = engine
        self._number = number
        self._heard = 0
        self._busy = threading.Lock()

    def accept(self, pcm: bytes) -> Utterance | None:
        if not self._busy.acquire(blocking=False):
            raise AssertionError("two threads decode one call")
        try:
            self._engine.arrived.release()
            self._engine.gate.wait()
            self._engine.threads.add(threading.current_thread().name)
            self._engine.diary.append((self._number, pcm))
            self._engine.on_accept(pcm)
            if FAIL in pcm:
                raise ValueError("the engine broke")
            self._heard += len(pcm)
            return Utterance(str(self._heard), is_final=False)
        finally:
            self._busy.release()

    def finish(self) -> Utterance:
        return Utterance(f"all {self._heard}", is_final=True)

    def __del__(self) -> None:
        self._engine.freed.release()
