"""Caller numbers made unreadable for logs, lists and terminals; the record itself keeps them."""

import re
from collections.abc import Mapping, Sequence

from records.events import JsonValue

STARS = "****"
_NAMED = frozenset({"", "anonymous", "unknown", "restricted", "unavailable", "private", "withheld"})
"""What carriers write where no number is given: nothing to hide, and worth seeing."""
_COUNTRY = re.compile(r"^(\+86|0086|86)(?=1\d{10}$)")
_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_SPOKEN_DIGITS = "零〇一二三四五六七八九幺两"
_NUMBER_IN_TEXT = re.compile(
    rf"\+?\d{{7,}}|1\d{{2}}[- ]\d{{4}}[- ]\d{{4}}|\d{{3,4}}[- ]\d{{7,8}}|[{_SPOKEN_DIGITS}]{{7,}}"
)
NUMBER_KEYS = frozenset({"caller", "display_name"})
"""Keys of event data whose text is a number, or is what the caller's telephone says its name is."""


def mask_number(number: str | None) -> str:
    """A caller number with its middle hidden: `13800138000` → `138****8000`.

    At least four characters are hidden and at most seven shown, of a short number fewer; a country code
    before a mobile number stays; of a SIP or tel URI only the user part is left. The result has no control
    characters, so that it can stand in a log line.
    """
    text = _SCHEME.sub("", (number or "").strip()).split("@", 1)[0].split(";", 1)[0]
    if text.lower() in _NAMED:
        return text.lower()
    country = _COUNTRY.match(text)
    prefix = country.group(0) if country else ""
    text = text[len(prefix) :]
    shown = max(0, len(text) - len(STARS))
    tail = min(4, (shown + 1) // 2)
    head = min(3, shown - tail)
    masked = f"{prefix}{text[:head]}{STARS}{text[len(text) - tail :] if tail else ''}"
    return "".join(character if character.isprintable() else "?" for character in masked)


def mask_text(text: str) -> str:
    """Free text (a transcript, a label) with every telephone number in it masked, also spoken ones."""
    return _NUMBER_IN_TEXT.sub(lambda found: mask_number(found.group(0)), text)


def mask_fields(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """`mask_data` of each field of an object."""
    return {name: mask_data(value, name) for name, value in fields.items()}


def mask_data(value: JsonValue, key: str = "") -> JsonValue:
    """Event data with the numbers masked: whole values under NUMBER_KEYS, numbers inside all other text."""
    if isinstance(value, str):
        return mask_number(value) if key in NUMBER_KEYS else mask_text(value)
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return mask_number(str(value)) if key in NUMBER_KEYS else value
    if isinstance(value, Mapping):
        return mask_fields(value)
    if isinstance(value, Sequence):
        return [mask_data(inner, key) for inner in value]
    return value
