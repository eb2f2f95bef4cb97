"""From events to the call's record: a left fold over the events in the order of the call's life.

Events may be written in any order: the spool drains late, two threads race, a node was cut off. The record
must come out the same. So the fold is defined on the *sorted* events (`life_order`: time, kind, id). An
event that comes after all that the record has taken in is simply applied; when an earlier one turns up, the
record is folded again from all of the call's events. Both ways give what sorting everything would give, and
the usual case stays as cheap as one row read and one row written.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from records.call_record import CallRecord
from records.cleaning import clean_text
from records.events import CallEvent, EventKind, FeedEvent, JsonValue, life_order

MAX_HEARD = 20_000
"""Characters of one call's transcript in its record; the events keep all of it."""
MAX_FAULTS = 20
_SHORT = 64
_LINE = 300
_TEXT = 8_000
_PRIORITIES = range(-1000, 1001)
"""A priority is 1 to 4; anything a 2-byte column holds is kept, the rest is nonsense."""

Data = Mapping[str, JsonValue]
Changes = dict[str, Any]


def apply(record: CallRecord | None, event: CallEvent | FeedEvent) -> CallRecord:
    """The record after `event`, which must come after all that `record` has taken in (`life_order`)."""
    before = record or CallRecord(event.call_id, event.at, event.at, event.kind, event.event_id)
    read = _READERS.get(event.kind)
    changes = read(before, event.at, event.data) if read else {}
    return replace(
        before, last_at=event.at, last_kind=str(event.kind), last_event_id=event.event_id, **changes
    )


def fold(events: Sequence[CallEvent | FeedEvent], record: CallRecord | None = None) -> CallRecord:
    """The record of one call from its events, given in whatever order.

    Without `record`, `events` are all of the call's events and there is at least one (ValueError for none);
    with it, those that come after what it has taken in (`follows`).
    """
    for event in sorted(events, key=life_order):
        record = apply(record, event)
    if record is None:
        raise ValueError("a call without any event has no record")
    return record


def follows(record: CallRecord, events: Sequence[CallEvent]) -> bool:
    """Whether all of `events` come after what `record` has taken in, so that they can just be applied."""
    return all(life_order(event) > record.place for event in events)


def _started(_: CallRecord, at: datetime, data: Data) -> Changes:
    return {
        "caller": _text(data, "caller", _SHORT),
        "dialled": _text(data, "dialled", _SHORT),
        "display_name": _text(data, "display_name", _LINE),
        "sip_call_id": _text(data, "sip_call_id", _LINE),
        "started_at": at,
    }


def _located(_: CallRecord, at: datetime, data: Data) -> Changes:
    location = data.get("location")
    return {"location": location, "located_at": at} if isinstance(location, Mapping) and location else {}


def _heard(before: CallRecord, _: datetime, data: Data) -> Changes:
    text = _text(data, "text", _TEXT) or ""
    if data.get("is_final") is not True:
        return {"hearing": text}
    return {"heard": clean_text(f"{before.heard} {text}".strip(), MAX_HEARD), "hearing": ""}


def _decided(before: CallRecord, at: datetime, data: Data) -> Changes:
    return {
        "route": _text(data, "route", _SHORT),
        "category": _text(data, "category", _SHORT),
        "label": _text(data, "label", _LINE),
        "priority": _whole_number(data, "priority"),
        "confidence": _number(data, "confidence"),
        "reason": _text(data, "reason", _TEXT),
        "evidence": _items(data, "evidence"),
        "flags": _items(data, "flags"),
        "lexicon_version": _text(data, "lexicon_version", _LINE),
        "decided_text": _text(data, "text", _TEXT),
        "joint_service": _text(data, "joint_service", _LINE),
        "department": _text(data, "department", _LINE),
        "decided_at": at,
        "decisions": before.decisions + 1,
    }


def _released(_: CallRecord, at: datetime, data: Data) -> Changes:
    return {"released_line": _text(data, "line", _LINE), "released_at": at}


def _queued(_: CallRecord, at: datetime, data: Data) -> Changes:
    waiting = {"ringing": None, "member": None, "answered_at": None}
    return {"queue": _text(data, "queue", _LINE), "queued_at": at, **waiting}


def _ringing(_: CallRecord, __: datetime, data: Data) -> Changes:
    return {"ringing": _text(data, "member", _LINE)}


def _answered(_: CallRecord, at: datetime, data: Data) -> Changes:
    return {"member": _text(data, "member", _LINE), "answered_at": at}


def _returned(_: CallRecord, at: datetime, data: Data) -> Changes:
    return {"returned_to": _text(data, "to", _LINE), "returned_at": at}


def _fault(before: CallRecord, at: datetime, data: Data) -> Changes:
    fault = {
        "what": _text(data, "what", _LINE),
        "detail": _text(data, "detail", _LINE),
        "at": at.isoformat(),
    }
    return {"faults": (*before.faults, fault)[:MAX_FAULTS], "fault_count": before.fault_count + 1}


def _ended(_: CallRecord, at: datetime, data: Data) -> Changes:
    return {
        "end_cause": _text(data, "cause", _LINE),
        "duration_s": _number(data, "duration_s"),
        "ended_at": at,
    }


_READERS: Mapping[str, Callable[[CallRecord, datetime, Data], Changes]] = {
    EventKind.STARTED: _started,
    EventKind.LOCATED: _located,
    EventKind.HEARD: _heard,
    EventKind.DECIDED: _decided,
    EventKind.RELEASED: _released,
    EventKind.QUEUED: _queued,
    EventKind.RINGING: _ringing,
    EventKind.ANSWERED: _answered,
    EventKind.RETURNED: _returned,
    EventKind.FAULT: _fault,
    EventKind.ENDED: _ended,
}
"""What each kind changes. LISTENING, NOTED (which is for the screens that read the feed) and kinds that a newer version
writes change nothing but `last_*`."""


def _text(data: Data, key: str, limit: int) -> str | None:
    value = data.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return clean_text(value, limit) if isinstance(value, str) else None


def _number(data: Data, key: str) -> float | None:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _whole_number(data: Data, key: str) -> int | None:
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value in _PRIORITIES else None


def _items(data: Data, key: str) -> tuple[JsonValue, ...]:
    value = data.get(key)
    return tuple(value) if isinstance(value, list | tuple) else ()
