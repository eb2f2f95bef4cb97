"""A text as matching sees it: letters only, folded, each with its place in the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_CHINESE = re.compile("[\u4e00-\u9fff]*")


@dataclass(frozen=True, slots=True)
class SpokenText:
    """The folded letters of a text.

    `letters[i]` stands at `original[places[i]]`. Spaces and punctuation are left out, so that a pause (which a
    recogniser may write as a comma) never hides a phrase; `joined(i, j)` tells whether there was one.
    """

    original: str
    letters: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original of the letters [start:end); needs start < end."""
        return self.places[start], self.places[end - 1] + 1

    def pauses(self) -> frozenset[int]:
        """Return the letters before which something other than white space was written: a pause."""
        if len(self.original) == len(self.letters):
            return frozenset()
        places, original = self.places, self.original
        return frozenset(
            i
            for i in range(1, len(places))
            if places[i] - places[i - 1] > 1 and not original[places[i - 1] + 1 : places[i]].isspace()
        )

    def joined(self, start: int, end: int) -> bool:
        """Tell whether the letters [start:end) were said in one breath: only white space between them."""
        first, last = self.span(start, end)
        if last - first == end - start:
            return True
        kept = set(self.places[start:end])
        return all(i in kept or self.original[i].isspace() for i in range(first, last))


def fold(text: str) -> SpokenText:
    """Fold a text: full-width to half-width, upper case to lower, everything but letters and digits left out.

    Folding is one character to one character (a ligature that would become two stays as it is), so every
    offset is exact. Takes any unicode, lone surrogates included.
    """
    if _CHINESE.fullmatch(text):
        return SpokenText(text, text, tuple(range(len(text))))
    letters: list[str] = []
    places: list[int] = []
    for place, raw in enumerate(text):
        char = raw
        if not "\u4e00" <= char <= "\u9fff":
            if not char.isalnum():
                continue
            if char > "\x7f":
                wide = unicodedata.normalize("NFKC", char)
                char = wide if len(wide) == 1 else char
            low = char.lower()
            char = low if len(low) == 1 else char
        letters.append(char)
        places.append(place)
    return SpokenText(text, "".join(letters), tuple(places))
