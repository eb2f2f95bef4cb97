"""A speech engine that hears what a test wants at the moment it wants it, behind the real pool of decoders."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from asr.utterance import Utterance, Word


def part(text: str) -> Utterance:
    return Utterance(text, is_final=False)


def final(text: str, confidence: float = 0.95) -> Utterance:
    words = (Word(text, 0.0, 1.0, confidence),) if text else ()
    return Utterance(text, is_final=True, words=words)


class ScriptedEngine:
    """`hears` gives the next words, which come with the next audio; the last unfinished ones end at finish()."""

    name = "scripted"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.opened = 0
        self.confidence = 0.95
        """Of the words that finish() gives."""
        self.last_words: str | None = None
        """What finish() gives instead of the unfinished words."""
        self.fails_to_open = False
        self.script: queue.SimpleQueue[Utterance | Exception] = queue.SimpleQueue()

    def hears(self, *words: Utterance | Exception) -> None:
        for item in words:
            self.script.put(item)

    def open(self) -> ScriptedRecogniser:
        if self.fails_to_open:
            raise RuntimeError("no recogniser today")
        self.opened += 1
        return ScriptedRecogniser(self)

    @contextmanager
    def behind(self) -> Iterator[None]:
        """Decoding stands still inside the block."""
        self.gate.clear()
        try:
            yield
        finally:
            self.gate.set()


class ScriptedRecogniser:
    def __init__(self, engine: ScriptedEngine) -> None:
        self._engine = engine
        self._unfinished = ""

    def accept(self, pcm: bytes) -> Utterance | None:
        self._engine.gate.wait()
        try:
            item = self._engine.script.get_nowait()
        except queue.Empty:
            return None
        if isinstance(item, Exception):
            raise item
        self._unfinished = "" if item.is_final else item.text
        return item

    def finish(self) -> Utterance:
        self._engine.gate.wait()
        last = self._engine.last_words
        return final(self._unfinished if last is None else last, self._engine.confidence)
