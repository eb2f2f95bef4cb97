"""One caller's speech recognition as the dialogue uses it: audio in, words out, all in the event loop's thread.

A recogniser's words so far carry no confidence, and its own end of an utterance comes a second or more after the last
word. So at a pause that matters the dialogue asks for the last words: the stream is flushed, which gives all that was
said, with confidences, as soon as it is decoded, however far decoding lags behind. What comes from the line meanwhile
begins the next utterance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from asr.pool import SpeechStream
from asr.utterance import Utterance
from ivr.decoders import Decoders


class Hearing:
    """One call's stream. The callbacks are called in the loop's thread, in the order of the words."""

    def __init__(
        self,
        decoders: Decoders,
        *,
        on_words: Callable[[Utterance], None],
        on_last_words: Callable[[Utterance], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """`on_words` gets partial and final utterances as they come, `on_last_words` the answer to `ask`."""
        self._decoders = decoders
        self._on_words = on_words
        self._on_last_words = on_last_words
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._stream: SpeechStream | None = None
        self._asked = False

    @property
    def asked(self) -> bool:
        """Whether the last words have been asked for and have not come yet."""
        return self._asked

    @property
    def lag_s(self) -> float:
        """How far this call's words lagged behind its sound at worst until now, in seconds; 0.0 before `open`."""
        return 0.0 if self._stream is None else self._stream.lag_s

    def open(self) -> None:
        """Take a place among the decoders. Raises PoolError when this call has to do without."""
        self._stream = self._decoders.open(self._from_decoder, self._from_failed_decoder)

    def feed(self, pcm: bytes) -> None:
        """Hand over audio, s16le mono 8 kHz."""
        self._opened.feed(pcm)

    def ask(self) -> None:
        """Ask for the words of everything fed so far; asking again while they are awaited changes nothing."""
        if not self._asked:
            self._asked = True
            self._opened.flush().add_done_callback(self._from_flushed_decoder)

    @property
    def _opened(self) -> SpeechStream:
        if self._stream is None:
            raise RuntimeError("open() comes first")
        return self._stream

    def cancel(self) -> None:
        """Give the place back at once; words under way may still come."""
        if self._stream is not None:
            self._stream.cancel()

    # -- on a decoder's thread -----------------------------------------------------------------------------

    def _from_decoder(self, utterance: Utterance) -> None:
        self._loop.call_soon_threadsafe(self._on_words, utterance)

    def _from_failed_decoder(self, error: BaseException) -> None:
        self._loop.call_soon_threadsafe(self._on_failure, error)

    def _from_flushed_decoder(self, future: Future[Utterance]) -> None:
        # Cancelled: nobody waits any more. Failed: `_from_failed_decoder` tells, or, where the pool closes, this does.
        if not future.cancelled():
            self._loop.call_soon_threadsafe(self._answered, future)

    def _answered(self, future: Future[Utterance]) -> None:
        self._asked = False
        error = future.exception()
        if error is None:
            self._on_last_words(future.result())
        else:
            self._on_failure(error)
