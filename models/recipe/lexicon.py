"""The words that the model can hear and how they sound."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from models.recipe.units import GARBAGE, INDEX, syllables

UNKNOWN: Final = "[unk]"
"""The word for speech that is none of the words; grammars made at run time use it."""

# Single characters that are spoken in a second way when they stand alone; pypinyin gives the first.
_SECOND_SOUNDS: Final = MappingProxyType(
    {
        "了": ("l iao3",),
        "地": ("d e5",),
        "得": ("d ei3", "d e5"),
        "着": ("zh ao2",),
        "还": ("h uan2",),
        "都": ("d u1",),
        "重": ("ch ong2",),
        "行": ("h ang2",),
        "长": ("ch ang2",),
        "谁": ("sh ei2",),
        "那": ("n ei4",),
        "这": ("zh ei4",),
        "血": ("x ie3",),
        "差": ("ch ai1",),
        "一": ("i2", "i4"),
        "不": ("b u2",),
    }
)

Lexicon = Mapping[str, tuple[tuple[int, ...], ...]]


def pronunciations(words: Iterable[str]) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Give every word's pronunciations as unit indices; words without one are left out, "[unk]" is put in."""
    found: dict[str, tuple[tuple[int, ...], ...]] = {UNKNOWN: ((INDEX[GARBAGE],),)}
    for word in sorted(set(words)):
        spoken = syllables(word)
        if spoken is None:
            continue
        first = tuple(INDEX[unit] for one in spoken for unit in one.units)
        others = (tuple(INDEX[unit] for unit in sound.split()) for sound in _SECOND_SOUNDS.get(word, ()))
        found[word] = tuple(dict.fromkeys((first, *others)))
    return found
