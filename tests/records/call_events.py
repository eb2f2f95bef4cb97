"""Events for the tests: a whole call, and a hypothesis strategy for any call."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from records.events import CallEvent, EventKind, JsonValue

NOON = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


def event(
    call_id: str = "call-1",
    kind: EventKind = EventKind.STARTED,
    after_s: float = 0.0,
    event_id: str | None = None,
    **data: JsonValue,
) -> CallEvent:
    """An event `after_s` seconds after noon."""
    at = NOON + timedelta(seconds=after_s)
    return (
        CallEvent(call_id, kind, at, data)
        if event_id is None
        else CallEvent(call_id, kind, at, data, event_id)
    )


def whole_call(call_id: str = "call-1", caller: str = "13800138000") -> list[CallEvent]:
    """A livelihood call from its start to its end, in order."""
    decided: dict[str, JsonValue] = {
        "route": "minsheng",
        "category": "water",
        "label": "供水",
        "priority": 3,
        "confidence": 0.93,
        "evidence": [{"phrase": "水管爆了", "rule": "minsheng/water#1"}],
        "flags": ["clear"],
        "lexicon_version": "1.0",
        "reason": "clear livelihood request",
        "text": "水管爆了",
        "joint_service": None,
        "department": "水务局",
    }
    steps: list[tuple[EventKind, Mapping[str, JsonValue]]] = [
        (
            EventKind.STARTED,
            {"caller": caller, "dialled": "110", "sip_call_id": "a@b", "display_name": "张三"},
        ),
        (EventKind.LOCATED, {"location": {"latitude": 39.9, "longitude": 116.4, "radius_m": 30}}),
        (EventKind.LISTENING, {}),
        (EventKind.HEARD, {"text": "水管", "is_final": False, "confidence": 0.8}),
        (EventKind.HEARD, {"text": "水管爆了", "is_final": True, "confidence": 0.9}),
        (EventKind.HEARD, {"text": "快来", "is_final": False, "confidence": 0.9}),
        (EventKind.DECIDED, decided),
        (EventKind.RELEASED, {"line": "police"}),
        (EventKind.QUEUED, {"queue": "minsheng"}),
        (EventKind.RINGING, {"member": "agent-7"}),
        (EventKind.ANSWERED, {"member": "agent-7"}),
        (EventKind.FAULT, {"what": "ami", "detail": "reconnected"}),
        (EventKind.RETURNED, {"to": "police"}),
        (EventKind.ENDED, {"cause": "16", "duration_s": 42.5}),
    ]
    return [
        event(call_id, kind, float(second), f"{call_id}-{second}", **data)
        for second, (kind, data) in enumerate(steps)
    ]


any_json: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=5,
)
_KEYS = [
    *["caller", "dialled", "display_name", "sip_call_id", "location", "text", "is_final", "confidence"],
    *["route", "category", "label", "priority", "evidence", "flags", "lexicon_version", "reason", "line"],
    *["queue", "member", "to", "what", "detail", "cause", "duration_s"],
]
any_event: st.SearchStrategy[CallEvent] = st.builds(
    lambda kind, second, data, number: event("call-1", kind, float(second), f"event-{number}", **data),
    st.sampled_from(EventKind),
    st.integers(0, 5),
    st.dictionaries(st.sampled_from(_KEYS), any_json, max_size=4),
    st.integers(0, 10**9),
)
"""An event of call-1 with any data under the keys that are read; times are few, so that they often tie."""

any_call: st.SearchStrategy[list[CallEvent]] = st.lists(
    any_event, min_size=1, max_size=8, unique_by=lambda made: made.event_id
)
