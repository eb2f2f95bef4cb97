"""How words sound: toneless syllables, and the classes of syllables that ears and recognisers confuse.

A recogniser that errs usually writes a homophone (强节 for 抢劫), and southern callers do not keep apart zh/z,
ch/c, sh/s, n/l, f/h, an/ang, en/eng, in/ing. Each class of confusable syllables is one symbol, so that sounds
are matched by the same automaton as characters.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

from pypinyin import Style, phrases_dict, pinyin_dict
from pypinyin.seg import mmseg
from pypinyin.style import convert

_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("f", "h"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
_FIRST_CHARACTER, _LAST_CHARACTER = 0x4E00, 0x9FFF  # Chinese ones
_FIRST_SYMBOL = 0xE000  # private use area: never a character of a text's own
_SILENT = "\0"


@cache
def confusion_class(syllable: str) -> str:
    """Return the syllable that stands for all those confused with it: `zhang` and `zan` are both `zan`."""
    for heard, kept in _INITIALS:
        if syllable.startswith(heard):
            syllable = kept + syllable[len(heard) :]
            break
    for heard, kept in _FINALS:
        if syllable.endswith(heard):
            return syllable[: -len(heard)] + kept
    return syllable


def syllables(phrase: str) -> tuple[str, ...]:
    """Return the toneless syllables of a phrase, read as a phrase (还钱 is huan qian); `` for a non-Chinese char.

    As pypinyin's lazy_pinyin reads it, at a third of its cost: the words that pypinyin finds in it, in its readings.
    """
    heard = sound_table().heard
    read: list[str] = []
    for word in mmseg.seg.cut(phrase):
        readings = phrases_dict.phrases_dict.get(word)
        read += heard(word) if readings is None else [_toneless(reading[0]) for reading in readings]
    return tuple(read)


@cache
def _toneless(reading: str) -> str:
    """Take the tone mark off a syllable."""
    return str(convert(reading, Style.NORMAL, strict=True))


@cache
def sound_table() -> SoundTable:
    """The one table that all share."""
    return SoundTable()


class SoundTable:
    """Every Chinese character's commonest syllable and its symbol. Immutable after construction."""

    def __init__(self) -> None:
        symbols: dict[str, str] = {}
        self._syllable: dict[str, str] = {}
        written = [_SILENT] * (_LAST_CHARACTER + 1)
        for code, readings in pinyin_dict.pinyin_dict.items():
            if not _FIRST_CHARACTER <= code <= _LAST_CHARACTER:
                continue
            syllable = _toneless(readings.partition(",")[0])
            self._syllable[chr(code)] = syllable
            written[code] = self._symbol_of(syllable, symbols)
        self._written = "".join(written).ljust(sys.maxunicode + 1, _SILENT)
        """The symbol of every character, by its code: `str.translate` needs a quarter of the time of a dictionary."""
        self._classes = symbols
        self._class_of = {symbol: name for name, symbol in symbols.items()}

    @staticmethod
    def _symbol_of(syllable: str, symbols: dict[str, str]) -> str:
        return symbols.setdefault(confusion_class(syllable), chr(_FIRST_SYMBOL + len(symbols)))

    def write(self, letters: str) -> str:
        """Return one sound symbol a letter; letters without a sound become a symbol that matches nothing."""
        return letters.translate(self._written)

    def write_syllables(self, read: Sequence[str]) -> str | None:
        """Return the symbols of a phrase read aloud, or None when a part of it has no Chinese sound."""
        written = [
            self._classes.get(confusion_class(syllable), _SILENT) if syllable else _SILENT
            for syllable in read
        ]
        return None if _SILENT in written else "".join(written)

    def read(self, written: str) -> str:
        """Return the syllables of sound symbols, spaced; empty where these are no sound symbols."""
        return " ".join(self._class_of.get(symbol, "") for symbol in written).strip()

    def heard(self, letters: str) -> tuple[str, ...]:
        """Return the commonest toneless syllable of each letter, `` where there is none."""
        return tuple(self._syllable.get(char, "") for char in letters)
