"""Makes any event storable: what databases and JSON cannot hold is replaced or bounded, and nothing else.

Callers' data is hostile. PostgreSQL refuses the character NUL, UTF-8 cannot hold lone surrogates, JSON has
no NaN, and a display name may be megabytes long. One such value must not stop a batch, so every event is
cleaned before it is written. Bounded values say that they were cut, so a reader is not misled.
"""

import hashlib
import math
import re
from collections.abc import Container, Iterable, Mapping

from records.events import CallEvent, JsonValue

MAX_TEXT = 8_000
"""Characters of one text: half an hour of speech at 4 characters a second is 7,200."""
MAX_EVENT = 32_000
"""Characters of all the texts of one event, keys included."""
MAX_VALUES = 2_000
"""Values in one event, lists and objects included."""
MAX_DEPTH = 12
"""Lists and objects inside each other."""
MAX_KEY = 200
"""Characters of a key."""
MAX_ID = 64
"""Characters of a call's or event's id: the width of the columns."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_INT_LIMIT = 2**63
_CUT = "…"
"""Stands where something was left out."""


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` without NUL and lone surrogates (U+FFFD stands for each) and cut to `limit` characters."""
    cut = text[:limit] if len(text) <= limit else text[: max(0, limit - 1)] + _CUT
    return _UNSTORABLE.sub("\ufffd", cut)


def clean_id(text: str) -> str:
    """An id fit for its column. One that is not is replaced by its SHA-256, so equal ids stay equal."""
    if len(text) <= MAX_ID and not _UNSTORABLE.search(text):
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def clean(event: CallEvent) -> CallEvent:
    """A copy of `event` that JSON and both databases can hold. Cleaning twice changes nothing more."""
    data = _Cleaner().mapping(event.data, MAX_DEPTH)
    return CallEvent(clean_id(event.call_id), event.kind, event.at, data, clean_id(event.event_id))


class _Cleaner:
    """One walk through one event's data, counting what is left of its bounds."""

    def __init__(self) -> None:
        self._characters = MAX_EVENT
        self._values = MAX_VALUES

    def mapping(self, items: Mapping[str, JsonValue], depth: int) -> dict[str, JsonValue]:
        """A cleaned object: keys that become equal by cleaning are told apart by a number."""
        kept: dict[str, JsonValue] = {}
        for key, value in items.items():
            if self._values <= 0:
                kept[_CUT] = _CUT
                break
            kept[self._key(str(key), kept)] = self._value(value, depth)
        return kept

    def _key(self, key: str, taken: Container[str]) -> str:
        cleaned = clean_text(key, min(MAX_KEY, self._characters))
        name, number = cleaned, 2
        while name in taken:
            name = f"{cleaned[: MAX_KEY - 8]}_{number}"
            number += 1
        self._characters = max(0, self._characters - len(name))
        return name

    def _list(self, items: Iterable[JsonValue], depth: int) -> list[JsonValue]:
        kept: list[JsonValue] = []
        for value in items:
            if self._values <= 0:
                kept.append(_CUT)
                break
            kept.append(self._value(value, depth))
        return kept

    def _text(self, text: str, limit: int) -> str:
        kept = clean_text(text, min(limit, self._characters))
        self._characters = max(0, self._characters - len(kept))
        return kept

    def _value(self, value: object, depth: int) -> JsonValue:  # noqa: PLR0911 - one line a type
        self._values -= 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return int(value) if -_INT_LIMIT <= value < _INT_LIMIT else f"int of {value.bit_length()} bits"
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(value)
        if isinstance(value, str):
            return self._text(str(value), MAX_TEXT)
        if depth <= 0:
            return _CUT
        if isinstance(value, Mapping):
            return self.mapping(value, depth - 1)
        if isinstance(value, list | tuple | set | frozenset):
            return self._list(value, depth - 1)
        return self._text(str(value), MAX_TEXT)  # not JSON at all (bytes, a datetime): its text is kept
