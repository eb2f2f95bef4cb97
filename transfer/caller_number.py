"""A caller's number in one spelling, whatever stood before, between and behind its digits."""

from __future__ import annotations

import re
import unicodedata

_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_LAYOUT = re.compile(r"[\s().\-]+")
_INTERNATIONAL = re.compile(r"^00(?=[1-9])")
_CHINA = re.compile(r"^\+86|^86(?=\d{10,11}$)")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_LONGEST = 100
"""Characters that are looked at: a number that comes in more is none."""


def one_spelling(number: str) -> str:
    """The number as dialled inside China, without the 0 in front: `+86 138 0013 8000` → `13800138000`.

    Numbers of other countries keep their `+`. Empty for a number that is hidden, or that is none: such a caller
    cannot be known again. The text comes from the line: any text is taken, and nothing is raised.
    """
    text = unicodedata.normalize("NFKC", number[:_LONGEST])
    text = _SCHEME.sub("", text.strip()).split("@", 1)[0].split(";", 1)[0]
    text = _LAYOUT.sub("", text)
    text = _CHINA.sub("", _INTERNATIONAL.sub("+", text))
    text = text.removeprefix("0")
    return text if _NUMBER.fullmatch(text) and text.strip("+0") else ""
