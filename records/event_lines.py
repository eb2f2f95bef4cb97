"""An event as one line of JSON, as it stands in the spool."""

import json
from datetime import datetime
from typing import Any

from records.errors import EventMalformed
from records.events import CallEvent, EventKind


def to_json(value: object) -> str:
    """Compact JSON, Chinese as it is (a third of the bytes of escapes). Raises ValueError for NaN."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def event_line(event: CallEvent) -> bytes:
    """A cleaned event as UTF-8 JSON with its line end. JSON escapes line ends, so one event is one line."""
    fields = {
        "event_id": event.event_id,
        "call_id": event.call_id,
        "kind": event.kind.value,
        "at": event.at.isoformat(),
        "data": event.data,
    }
    return to_json(fields).encode() + b"\n"


def event_of_line(line: bytes) -> CallEvent:
    """The event of one line (with or without its line end).

    A part of a line is never taken for a whole one: the closing brace of the object is its last byte.
    Raises EventMalformed, whose text quotes nothing of the line (it holds a caller's data).
    """
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EventMalformed(f"not a line of JSON ({type(error).__name__})") from error
    if not isinstance(fields, dict):
        raise EventMalformed("not a JSON object")
    texts: list[Any] = [fields.get(key) for key in ("event_id", "call_id", "kind", "at")]
    data = fields.get("data")
    if not all(isinstance(text, str) for text in texts) or not isinstance(data, dict):
        raise EventMalformed("not an event: event_id, call_id, kind, at or data is missing")
    event_id, call_id, kind, at = texts
    try:
        return CallEvent(call_id, EventKind(kind), datetime.fromisoformat(at), data, event_id)
    except (ValueError, OverflowError) as error:
        raise EventMalformed("not an event: its kind or time is unknown to this version") from error
