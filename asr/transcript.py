"""A whole recording's words, decoded the way a call is: in pieces, with the utterances put together."""

import time
from dataclasses import dataclass

from asr.g711 import Samples
from asr.recogniser import SAMPLE_RATE, Engine
from asr.utterance import Utterance, Word, join

_PIECE = SAMPLE_RATE // 5  # samples; the pool's turn, so that what is measured here holds there


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard in a recording."""

    utterances: tuple[Utterance, ...]
    """Final ones, those without a word included."""
    duration_s: float  # of the recording
    real_time_factor: float  # seconds of decoding on one core per second of sound; 0.0 for an empty recording

    @property
    def text(self) -> str:
        """All of it."""
        return join(utterance.text for utterance in self.utterances)

    @property
    def words(self) -> tuple[Word, ...]:
        """All of them."""
        return tuple(word for utterance in self.utterances for word in utterance.words)


def transcribe(engine: Engine, samples: Samples) -> Transcript:
    """Decode int16 samples at 8 kHz. Raises RecogniserFailed."""
    began = time.perf_counter()
    recogniser = engine.open()
    finals: list[Utterance] = []
    for at in range(0, len(samples), _PIECE):
        heard = recogniser.accept(samples[at : at + _PIECE].astype("<i2").tobytes())
        if heard is not None and heard.is_final:
            finals.append(heard)
    finals.append(recogniser.finish())
    spent = time.perf_counter() - began
    duration = len(samples) / SAMPLE_RATE
    return Transcript(
        utterances=tuple(finals),
        duration_s=duration,
        real_time_factor=spent / duration if duration else 0.0,
    )
