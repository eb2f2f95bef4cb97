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

    text: str
    words: tuple[Word, ...]
    duration_s: float  # of the recording
    real_time_factor: float  # seconds of decoding on one core per second of sound; 0.0 for an empty recording


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
        text=join(final.text for final in finals),
        words=tuple(word for final in finals for word in final.words),
        duration_s=duration,
        real_time_factor=spent / duration if duration else 0.0,
    )
