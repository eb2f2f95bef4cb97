"""Synthetic callers' voices, for tests and the demo: text in, telephone audio out.

Needs only espeak-ng (a private copy is fetched when the machine has none) and what the running system needs anyway.
"""

import wave
from pathlib import Path
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from models.recipe.errors import UnspeakableError
from models.recipe.espeak import Espeak, Prosody
from models.recipe.espeak_library import PRIVATE_COPY
from models.recipe.numerals import DIGITS
from models.recipe.units import syllables
from models.recipe.words import cut, is_chinese

SAMPLE_RATE: Final = 8000
_PAUSES: Final = "，。！？；：、,.!?;:…\n"
_SILENT: Final = " \t　“”‘’\"'（）()《》-—"
_PEAK: Final = 16_000  # about -6 dB below full scale, a usual telephone level


def speak(
    text: str, voice: str = "f5", *, rate: int = 175, pitch: int = 50, private_copy: Path = PRIVATE_COPY
) -> NDArray[np.int16]:
    """Speak Chinese text: mono 16-bit samples at 8 kHz.

    `voice` is an espeak-ng variant (those in `heldout.HELD_OUT_VOICES` were never trained on), `rate` words a minute
    (80 to 450), `pitch` 0 to 99. Digits are read one by one; punctuation becomes pauses.

    Raises:
        UnspeakableError: the text is empty or holds letters or signs without a Mandarin pronunciation.
        EspeakError: espeak-ng cannot be loaded, or has no such voice.

    """
    pinyin = to_pinyin(text)
    espeak = Espeak(private_copy)
    samples, _ = espeak.speak(pinyin, voice, Prosody(rate, pitch))
    narrow = soxr.resample(samples.astype(np.float64), espeak.sample_rate, SAMPLE_RATE)
    loudest = float(np.max(np.abs(narrow), initial=1.0))
    scaled: NDArray[np.float64] = np.round(narrow * (_PEAK / loudest))
    return scaled.astype(np.int16)


def to_pinyin(text: str) -> str:
    """Write Chinese text as espeak-ng's pinyin voice wants it: tone digits, a comma for a pause.

    Raises:
        UnspeakableError: the text is empty or holds something without a Mandarin pronunciation.

    """
    clauses: list[str] = []
    for clause in "".join("\n" if character in _PAUSES else character for character in text).split("\n"):
        spoken = "".join(_character(character) for character in clause if character not in _SILENT)
        if not spoken:
            continue
        if not is_chinese(spoken):
            raise UnspeakableError(f"cannot speak {clause.strip()!r}: write it in Chinese characters")
        clauses.append(" ".join(_word(word) for word in cut(spoken)))
    if not clauses:
        raise UnspeakableError("nothing to speak: give a text with Chinese characters")
    return ", ".join(clauses)


def _character(character: str) -> str:
    return DIGITS[int(character)] if character in "0123456789" else character


def _word(word: str) -> str:
    found = syllables(word, sandhi=True)
    if found is None:
        raise UnspeakableError(f"no pronunciation for {word!r}: write it with commoner characters")
    return " ".join(syllable.pinyin for syllable in found)


def write_wav(path: Path, samples: NDArray[np.int16]) -> None:
    """Write mono 16-bit samples at 8 kHz as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
