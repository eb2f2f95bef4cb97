"""The sounds that the model knows, and how a Chinese word is made of them.

A syllable is an initial and a toned final ("zhuang1" → zh uang1). Silence and garbage (any speech that is no known
word) are units too. Each unit has two network outputs ("pdfs"): its first frame, and the frames after.
"""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_finals, to_initials

SILENCE: Final = "SIL"
GARBAGE: Final = "SPN"
_INITIALS: Final = "b p m f d t n l g k h j q x zh ch sh r z c s"
# "ir" and "iz" are the vowels of zhi and zi, which share their letter but not their sound with that of ji.
_FINALS: Final = (
    "a o e ai ei ao ou an en ang eng ong er i ir iz ia ie iao iou ian in iang ing iong "
    "u ua uo uai uei uan uen uang ueng v ve van vn"
)
# 嗯 and 哼 are written without a vowel; they sound like this.
_WITHOUT_VOWEL: Final = MappingProxyType({"n": "en", "ng": "en", "hng": "heng"})
INITIALS: Final = tuple(_INITIALS.split())
FINALS: Final = tuple(_FINALS.split())
UNITS: Final = (SILENCE, GARBAGE, *INITIALS, *(final + tone for final in FINALS for tone in "12345"))
INDEX: Final = MappingProxyType({unit: index for index, unit in enumerate(UNITS)})
PDFS: Final = 2 * len(UNITS)


@dataclass(frozen=True, slots=True)
class Syllable:
    """One spoken syllable: its units, and how espeak-ng's pinyin voice wants it written."""

    units: tuple[str, ...]
    pinyin: str


def first_pdf(unit: int) -> int:
    """Give the network output of a unit's first frame."""
    return 2 * unit


def later_pdf(unit: int) -> int:
    """Give the network output of a unit's other frames; silence has only one for all."""
    return 2 * unit + 1 if unit else 0


def syllable(pinyin: str) -> Syllable | None:
    """Take a syllable such as "jiao4" or "lv4" apart; None when it is no Mandarin syllable."""
    tone = pinyin[-1:] if pinyin[-1:].isdigit() else "5"
    letters = pinyin.rstrip("012345")
    letters = _WITHOUT_VOWEL.get(letters, letters)
    initial = to_initials(letters, strict=True)
    final = to_finals(letters, strict=True, v_to_u=False).replace("ü", "v")
    if final == "i" and initial in {"zh", "ch", "sh", "r"}:
        final = "ir"
    elif final == "i" and initial in {"z", "c", "s"}:
        final = "iz"
    units = (*((initial,) if initial else ()), final + tone)
    if not letters or any(unit not in INDEX for unit in units):
        return None
    return Syllable(units, letters.replace("v", "ü") + tone)


@cache
def syllables(word: str, *, sandhi: bool = False) -> tuple[Syllable, ...] | None:
    """Pronounce a word of Chinese characters; None when a character has no known sound.

    With `sandhi` the tones of 一 and 不 are spoken as they sound before others. The units stay those of the
    dictionary either way, since the lexicon knows only these.
    """
    cited = _pinyin(word, sandhi=False)
    spoken = _pinyin(word, sandhi=True) if sandhi else cited
    if len(cited) != len(word) or len(spoken) != len(word):
        return None
    found: list[Syllable] = []
    for one, other in zip(cited, spoken, strict=True):
        as_written, as_spoken = syllable(one), syllable(other)
        if as_written is None or as_spoken is None:
            return None
        found.append(Syllable(as_written.units, as_spoken.pinyin))
    return tuple(found)


def _pinyin(word: str, *, sandhi: bool) -> list[str]:
    return lazy_pinyin(
        word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore", tone_sandhi=sandhi
    )
