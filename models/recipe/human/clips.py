"""Recordings of people as the recipe takes them: sound, and the units of every word that is said."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asr.errors import AsrError
from asr.evaluation.corpus import Clip, listed, read, read_named
from models.recipe.errors import RecordingError
from models.recipe.units import INDEX, syllable, syllables
from models.recipe.words import cut, is_chinese

RATE: Final = 10_000
"""Hz. More than a telephone's, since a longer throat moves what lies above 4 kHz down below it."""
_SHORTEST_S: Final = 0.2
_LOUDNESS: Final = 2000.0  # every clip is brought to this mean amplitude
_SIGNS: Final = re.compile(r"[\W_]+")
_PINYIN: Final = re.compile(r"[a-zü]+[1-5]")

Word = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HumanClip:
    """A recording at RATE, 16-bit scale, with the unit indices of every word."""

    name: str
    text: str
    words: tuple[Word, ...]
    samples: NDArray[np.float32]

    @property
    def pool(self) -> str:
        """What it may be put together with: recordings of one folder are taken to be of one voice."""
        return str(PurePosixPath(self.name).parent)


def clips(path: Path, unspeakable: list[str] | None = None) -> Iterator[HumanClip]:
    """Give the recordings of a folder or tar, with a `transcripts.csv` or named by their words.

    Names of recordings whose text has no known sounds are put into `unspeakable`, if there is such a list.

    Raises:
        RecordingError: the corpus or a recording cannot be used; the message names it.

    """
    try:
        found = read(path, rate=RATE) if listed(path) else read_named(path, rate=RATE)
        for clip in found:
            words = spell(clip.text)
            if words:
                yield _prepared(clip, words)
            elif unspeakable is None:
                raise RecordingError(
                    f"{path}: {clip.name}: 「{clip.text}」里没有已知的读音，请改用汉字"
                    "（no known sounds: write it in Chinese characters）"
                )
            else:
                unspeakable.append(clip.name)
    except AsrError as error:
        raise RecordingError(str(error)) from error


def spell(text: str) -> tuple[Word, ...]:
    """Give the units of every word of a text, or of one syllable of pinyin; nothing when it cannot be pronounced."""
    if _PINYIN.fullmatch(text):
        one = syllable(text)
        return (_units(one.units),) if one else ()
    plain = _SIGNS.sub("", text)
    if not is_chinese(plain) or (plain != text and "_" in text):  # a name such as 越_越_ leaves words out
        return ()
    found = [syllables(word) for word in cut(plain)]
    spoken = [word for word in found if word is not None]
    if len(spoken) < len(found):
        return ()
    return tuple(_units([unit for one in word for unit in one.units]) for word in spoken)


def _units(names: Sequence[str]) -> Word:
    return tuple(INDEX[name] for name in names)


def _prepared(clip: Clip, words: tuple[Word, ...]) -> HumanClip:
    samples = clip.samples.astype(np.float32)
    loudness = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    if len(samples) < _SHORTEST_S * RATE or loudness < 1:
        raise RecordingError(f"{clip.name}: 录音太短或没有声音（too short, or silent）。")
    return HumanClip(clip.name, clip.text, words, samples * np.float32(_LOUDNESS / loudness))
