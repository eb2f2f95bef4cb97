"""What happens to a call, as events: the one truth that every record, screen and statistic is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import uuid4

from records.errors import EventMalformed

JsonValue: TypeAlias = bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
"""What an event's data may hold: what JSON can say."""


class EventKind(StrEnum):
    """The kinds of event, in the order of a call's life (the order breaks ties between equal times)."""

    STARTED = "call.started"
    """{caller, dialled, sip_call_id, display_name}"""
    LOCATED = "call.located"
    """{location: {...}}"""
    LISTENING = "call.listening"
    """{}: the greeting plays and the caller is listened to"""
    HEARD = "call.heard"
    """{text, is_final, confidence}: a partial or final utterance"""
    DECIDED = "call.decided"
    """{route, category, label, priority, confidence, evidence, flags, lexicon_version, reason, text,
    joint_service, department, history, alternatives}; history: null, or {text, hours, calls, kinds} of the number's
    calls before; alternatives: [[text, share]], other readings of the text; evidence that stands in one of them
    has its text as `alternative`"""
    NOTED = "call.noted"
    """{facts: [{kind, text, value, start, end, parts}]}: places, times, people, ... in the decision's text"""
    RELEASED = "line.released"
    """{line}: the police line is free again"""
    QUEUED = "queue.joined"
    """{queue}"""
    RINGING = "member.ringing"
    """{member}"""
    ANSWERED = "member.answered"
    """{member}"""
    RETURNED = "call.returned"
    """{to}: brought back, usually to the police queue"""
    FAULT = "call.fault"
    """{what, detail}: something of ours failed while the call was on"""
    ENDED = "call.ended"
    """{cause, duration_s}"""


def new_event_id() -> str:
    """A fresh id: 32 hexadecimal digits."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One thing that happened to one call.

    `at` is aware; it is kept in UTC. `event_id` makes the event unique: written twice, it is kept once.
    Raises EventMalformed for a time without a zone, which would be wrong by hours in the record.
    """

    call_id: str
    kind: EventKind
    at: datetime
    data: Mapping[str, JsonValue]
    event_id: str = field(default_factory=new_event_id)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise EventMalformed(f"time of {self.kind} has no zone: use datetime.now(UTC)")
        object.__setattr__(self, "at", self.at.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One numbered event as read from the feed.

    `seq` counts from 1. `kind` is an EventKind's value, or one that a newer version of this program wrote
    into the shared database: readers pass over kinds they do not know.
    """

    seq: int
    event_id: str
    call_id: str
    kind: str
    at: datetime
    data: Mapping[str, JsonValue]


def life_order(event: CallEvent | FeedEvent) -> tuple[datetime, int, str]:
    """Where an event stands in its call's life: by time, then by kind, then by id (total and stable)."""
    return place_in_life(event.at, event.kind, event.event_id)


def place_in_life(at: datetime, kind: str, event_id: str) -> tuple[datetime, int, str]:
    """`life_order` from its parts. A kind that is not known comes after all known ones."""
    kinds = [known.value for known in EventKind]
    return (at, kinds.index(kind) if kind in kinds else len(kinds), event_id)
