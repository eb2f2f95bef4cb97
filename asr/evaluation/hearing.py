"""One recording heard as a call is: in pieces, with the moments at which words came."""

from __future__ import annotations

import time
from dataclasses import dataclass

from asr.g711 import Samples
from asr.recogniser import SAMPLE_RATE, Engine
from asr.speech_end import EndOfSpeech
from asr.utterance import Utterance, Word, join

_PIECE = SAMPLE_RATE // 50  # samples: 20 ms, a packet


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it. Delays in seconds, as a caller on an idle machine would meet them."""

    text: str
    words: tuple[Word, ...]
    """Of the whole text, with their confidences."""
    decoding_s: float
    first_partial_s: float | None
    """From the beginning of the voice to the first words; None where there were none."""
    final_s: float
    """The time that the final words took after the last sound."""


def hear(engine: Engine, samples: Samples) -> Heard:
    """Decode int16 samples at 8 kHz. Raises RecogniserFailed.

    The sound comes faster than in a call; when a packet would have come is counted by the sound, and what decoding
    has taken since then is added.
    """
    recogniser, voice = engine.open(), EndOfSpeech()
    finals: list[Utterance] = []
    began: float | None = None
    first: float | None = None
    decoding_s = free_at = 0.0
    for at in range(0, len(samples), _PIECE):
        pcm = samples[at : at + _PIECE].astype("<i2").tobytes()
        arrives = (at + _PIECE) / SAMPLE_RATE
        voice.feed(pcm)
        if began is None and voice.speaking:
            began = arrives
        started = time.perf_counter()
        utterance = recogniser.accept(pcm)
        spent = time.perf_counter() - started
        decoding_s += spent
        free_at = max(free_at, arrives) + spent
        if utterance is not None and utterance.text and first is None:
            first = free_at
        if utterance is not None and utterance.is_final:
            finals.append(utterance)
    started = time.perf_counter()
    finals.append(recogniser.finish())
    final_s = max(0.0, free_at - len(samples) / SAMPLE_RATE) + time.perf_counter() - started
    delay = None if first is None or began is None else max(0.0, first - began)
    decoding_s += time.perf_counter() - started
    words = tuple(word for final in finals for word in _words(final))
    return Heard(join(final.text for final in finals), words, decoding_s, delay, final_s)


def _words(final: Utterance) -> tuple[Word, ...]:
    """Return its words; a text without any is one word that nobody is sure of."""
    return final.words or ((Word(final.text, 0.0, 0.0, 0.0),) if final.text else ())
