"""The ear for places: a second recogniser, bound to the county's names, that hears where a caller is who was asked.

It hears beside the call's own recogniser and after it. The dialogue tells it when to begin and to end, and asks it
nothing: no decision, and nobody who waits, depends on it, and whatever goes wrong with it is a line in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import structlog

from asr.errors import PoolError
from asr.pool import SpeechStream
from asr.recogniser import Engine
from asr.utterance import Utterance, Word
from ivr.decoders import Decoders

log = structlog.get_logger(__name__)

OnPlaceWords = Callable[[str, tuple[Word, ...]], None]
"""Told of what the dictation made of an answer, and of the words that this ear heard in it."""


class PlaceHearing:
    """One call's ear for places. Used in the event loop's thread; never raises and never blocks."""

    def __init__(
        self, decoders: Decoders, engine: Callable[[], Engine | None], on_heard: OnPlaceWords
    ) -> None:
        """`engine`: the model bound to the names, None where there is none. `on_heard` runs on a decoder's thread."""
        self._decoders = decoders
        self._engine = engine
        self._on_heard = on_heard
        self._stream: SpeechStream | None = None
        self._words: list[Word] = []
        self._answer = ""
        self._log = log.bind(**structlog.contextvars.get_contextvars())  # for the decoders' threads

    def begin(self) -> None:
        """The caller has been asked for the place."""
        try:
            engine = self._engine()
            if engine is not None:
                self._stream = self._decoders.open_spare(engine, self._keep)
        except PoolError as refused:
            self._log.info("places.not_heard", reason=str(refused))
        except Exception:  # noqa: BLE001 - whatever it is, the call goes on without
            self._log.exception("places.fault")

    def feed(self, pcm: bytes) -> None:
        """Hand over the audio of the answer, s16le mono 8 kHz."""
        if self._stream is not None:
            self._stream.feed(pcm)

    def end(self, answer: str) -> None:
        """The talk is over. `answer`: what the dictation made of it."""
        if self._stream is not None:
            self._answer, stream, self._stream = answer, self._stream, None
            stream.finish().add_done_callback(self._ended)

    # -- on a decoder's thread -----------------------------------------------------------------------------

    def _keep(self, utterance: Utterance) -> None:
        self._words += utterance.words if utterance.is_final else ()

    def _ended(self, future: Future[Utterance]) -> None:
        try:
            self._keep(future.result())
            self._on_heard(self._answer, tuple(self._words))
        except PoolError as closed:
            self._log.info("places.not_heard", reason=str(closed))
        except Exception:  # noqa: BLE001 - the recogniser's or the reader's: the call has been decided without
            self._log.exception("places.fault")
