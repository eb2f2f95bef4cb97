"""Soft and loud callers: what the dictation still understands, and whether the voice activity notices them.

The hand-written sentences, spoken by held-out voices at a usual level (peaks 6 dB below full scale), are made louder
or softer; then the line's own noise is added, then A-law. Beside it the same sound brought back to the usual level
behind A-law, all at once: more than a gain control could do, which knows only what came before.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from asr.g711 import Samples, alaw_decode, alaw_encode
from asr.recogniser import SAMPLE_RATE
from asr.speech_end import FRAME_S, EndOfSpeech
from asr.utterance import join
from asr.vosk_engine import VoskEngine
from bench.answers import PAUSE, hear
from ivr.config import BUNDLED_MODEL, CallSettings
from models.recipe.exam import hand_written
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.voice import speak

_LEVELS_DB = (20, 10, 0, -10, -20, -30, -40)
_NOISES_DB = (None, -60)  # of full scale
_SENTENCES = 24
_QUIET = np.zeros(SAMPLE_RATE * 3, np.int16)  # the line before the caller speaks: as long as a floor takes
_ENOUGH_S = CallSettings().barge_in_s

Signal = NDArray[np.float64]


def run(say: Callable[[str], None]) -> None:
    """Print wrong characters, as it is and with gain, and how soon a voice is noticed, at each level."""
    engine = VoskEngine(BUNDLED_MODEL)
    spoken = list(_spoken())
    characters = sum(len(text) for text, _ in spoken)
    for noise_db in _NOISES_DB:
        line = "quiet" if noise_db is None else f"{noise_db} dB"
        for level_db in _LEVELS_DB:
            wrong, mended, after_s = 0, 0, list[float]()
            for number, (text, voice) in enumerate(spoken):
                heard = _carried(voice, level_db, noise_db, np.random.default_rng(number))
                sentence = heard[len(_QUIET) - len(PAUSE) :]
                wrong += _wrong(engine, text, sentence)
                mended += _wrong(engine, text, _gained(sentence, -level_db))
                if (noticed := _noticed_s(heard)) is not None:
                    after_s.append(noticed)
            median = f"{statistics.median(after_s):.2f} s" if after_s else "never"
            say(
                f"  {line:6} {level_db:+3} dB  wrong {wrong / characters:5.1%}, with gain {mended / characters:5.1%}"
                f"  noticed {len(after_s)} of {len(spoken)}, after {median}"
            )


def _spoken() -> Iterator[tuple[str, Signal]]:
    """The sentences with their sound, peaks at 6 dB below full scale."""
    for number, clauses in enumerate(hand_written()[:_SENTENCES]):
        text = "".join(clauses)
        voice = speak(text, HELD_OUT_VOICES[number % len(HELD_OUT_VOICES)]).astype(np.float64)
        yield text, voice / np.abs(voice).max() * 32768 * 10 ** (-6 / 20)


def _carried(voice: Signal, level_db: float, noise_db: float | None, chance: np.random.Generator) -> Samples:
    """Three seconds of the line, the voice at this level, a pause."""
    sound = np.concatenate([_QUIET, voice * 10 ** (level_db / 20), PAUSE])
    if noise_db is not None:
        sound = sound + chance.normal(0.0, 32768 * 10 ** (noise_db / 20), len(sound))
    return alaw_decode(alaw_encode(np.clip(np.rint(sound), -32768, 32767).astype(np.int16)))


def _gained(heard: Samples, gain_db: float) -> Samples:
    louder: Samples = np.clip(np.rint(heard * 10 ** (gain_db / 20)), -32768, 32767).astype(np.int16)
    return louder


def _wrong(engine: VoskEngine, text: str, sound: Samples) -> int:
    words = hear(engine, sound.astype("<i2").tobytes())
    return Levenshtein.distance(text, join(word.text for word in words))


def _noticed_s(heard: Samples) -> float | None:
    """Seconds of the sentence until so much voice was counted as stops a prompt; None when it never was."""
    ear, frame, before = EndOfSpeech(), round(FRAME_S * SAMPLE_RATE), 0.0
    for at in range(0, len(heard), frame):
        ear.feed(heard[at : at + frame].astype("<i2").tobytes())
        if ear.speech_s - before >= _ENOUGH_S:
            return (at + frame - len(_QUIET)) / SAMPLE_RATE
        if at < len(_QUIET):
            before = ear.speech_s
    return None
