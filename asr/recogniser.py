"""The two interfaces behind which any speech engine can stand.

Both are blocking and are called on the decode pool's threads, never on the event loop.
"""

from typing import Protocol

from asr.utterance import Utterance

SAMPLE_RATE = 8000  # Hz; G.711 is what a telephone line carries (RFC 3551 §4.5.14)
SAMPLE_BYTES = 2  # signed 16 bit, little-endian, one channel


class Recogniser(Protocol):
    """One call's recogniser: not thread-safe, used by one thread at a time."""

    def accept(self, pcm: bytes) -> Utterance | None:
        """Decode more of the call: s16le mono 8 kHz of any length.

        Returns a partial utterance when it differs from the last one reported, a final one at the end of an
        utterance, None when there is nothing new. Raises RecogniserFailed.
        """
        ...

    def finish(self) -> Utterance:
        """Return the final utterance of what is left; nothing may follow. Raises RecogniserFailed."""
        ...


class Engine(Protocol):
    """A loaded model, shared by all calls; `open` may be called from any thread."""

    name: str

    def open(self) -> Recogniser:
        """Make a recogniser for one call. Raises RecogniserFailed."""
        ...
