"""What the dialogue needs of speech recognition, and the case that there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from asr.errors import PoolMissing
from asr.models import ModelShelf
from asr.pool import Load, SpeechStream
from asr.recogniser import Engine
from asr.utterance import Utterance


def model_folder(shelf: ModelShelf, named: str) -> Path:
    """The folder of the model that `speech: model:` names: a folder, a name on the shelf, or "" for the chosen one.

    Raises ModelNotFound.
    """
    if not named:
        return shelf.active().path
    return Path(named) if Path(named).is_absolute() else shelf.find(named).path


class Decoders(Protocol):
    """Opens a stream of speech a call; `asr.pool.DecodePool` is the real one."""

    @property
    def load(self) -> Load:
        """What they carry now."""
        ...

    def open(
        self,
        on_utterance: Callable[[Utterance], None],
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> SpeechStream:
        """A stream for one call. Raises PoolError when this call has to do without."""
        ...

    def open_spare(self, engine: Engine, on_utterance: Callable[[Utterance], None]) -> SpeechStream:
        """A second stream for a call, which takes nobody's place or time. Raises PoolError when there is no room."""
        ...


class NoDecoders:
    """No speech model could be loaded: every call does without, and so goes to police at once."""

    def __init__(self, why: str) -> None:
        self._why = why

    @property
    def load(self) -> Load:
        """Nothing, and no place for anything."""
        return Load(calls=0, capacity=0, lag_s=0.0, decoded_s=0.0, busy=0.0)

    def open(
        self,
        on_utterance: Callable[[Utterance], None],
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> SpeechStream:
        """Always raises PoolMissing with the reason."""
        del on_utterance, on_failure
        raise PoolMissing(f"no speech recognition: {self._why}")

    def open_spare(self, engine: Engine, on_utterance: Callable[[Utterance], None]) -> SpeechStream:
        """Always raises PoolMissing with the reason."""
        del engine
        return self.open(on_utterance)
