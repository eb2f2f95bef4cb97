"""From AMI events to what happens to calls. Pure: events in, happenings out; no sockets, no threads.

A call is known by the channel variable CALL_ID (manager.conf: `channelvars = CALL_ID`), which its agents'
legs inherit; else by `register` (FastAGI knows both names of a call), else by what earlier events told about
its channels. Only the caller's own channel ends a call: agents' legs carry the same CALL_ID and Linkedid.
It is the one that was registered, else the first that joined a queue, else the one that its call began with.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.ami.packs import AmiEvent

_CALL_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


class HappeningKind(StrEnum):
    """What happened. The values are those of the record's event kinds, where the record has one."""

    QUEUED = "queue.joined"
    ABANDONED = "queue.abandoned"
    """The caller hung up while waiting; LEFT_QUEUE and ENDED follow."""
    LEFT_QUEUE = "queue.left"
    """Answered, timed out, or gone."""
    RINGING = "member.ringing"
    ANSWERED = "member.answered"
    ENDED = "call.ended"


@dataclass(frozen=True, slots=True)
class CallHappening:
    """One thing that happened to one call."""

    call_id: str
    kind: HappeningKind
    queue: str
    """Name of the queue; empty for ENDED."""
    member: str
    """The member's interface, as `PJSIP/p101`, for RINGING and ANSWERED; else empty."""
    cause: int | None
    """Hang-up cause of ITU-T Q.850 (16: normal clearing) for ENDED, else None."""
    at: datetime
    """When, aware, UTC: Asterisk's clock where manager.conf has `timestampevents = yes`, else ours."""


_KINDS = MappingProxyType(
    {
        "QueueCallerJoin": HappeningKind.QUEUED,
        "QueueCallerAbandon": HappeningKind.ABANDONED,
        "QueueCallerLeave": HappeningKind.LEFT_QUEUE,
        "AgentCalled": HappeningKind.RINGING,
        "AgentConnect": HappeningKind.ANSWERED,
        "Hangup": HappeningKind.ENDED,
    }
)
BRIDGE_EVENTS = frozenset(_KINDS)
"""Names of the events that say something here; give them to AmiClient as `events`."""
_WITH_MEMBER = frozenset({HappeningKind.RINGING, HappeningKind.ANSWERED})


class CallBridge:
    """Translates events. Safe to use from several threads."""

    def __init__(
        self, *, max_calls: int = 10_000, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`max_calls`: how many are remembered; beyond it the one not heard of longest is forgotten."""
        self._now = now
        self._lock = threading.Lock()
        self._own = _Remembered(max_calls)
        """CALL_ID → Uniqueid of the caller's own channel."""
        self._calls = _Remembered(2 * max_calls)
        """Uniqueid of a caller's own channel, and Linkedid of all channels of a call → CALL_ID."""

    def register(self, call_id: str, uniqueid: str) -> None:
        """Make the caller's own channel known, as FastAGI does when a call arrives."""
        with self._lock:
            self._own.keep(call_id, uniqueid)
            self._calls.keep(uniqueid, call_id)

    def translate(self, event: AmiEvent) -> CallHappening | None:
        """What `event` says about a call; None when it says nothing, or about no call of ours."""
        kind = _KINDS.get(event.name)
        if kind is None:
            return None
        uniqueid = event.fields.get("Uniqueid", "")
        linkedid = event.fields.get("Linkedid", "")
        with self._lock:
            call_id = self._call_id(event, uniqueid, linkedid)
            if not call_id:
                return None
            own = self._own.find(call_id)
            if kind is HappeningKind.ENDED:
                if uniqueid != (own or linkedid):
                    return None
                self._own.forget(call_id)
                self._calls.forget(uniqueid)
                self._calls.forget(linkedid)
            else:
                self._own.keep(call_id, own or uniqueid)
                self._calls.keep(own or uniqueid, call_id)
                self._calls.keep(linkedid, call_id)
        return CallHappening(
            call_id=call_id,
            kind=kind,
            queue=event.fields.get("Queue", ""),
            member=event.fields.get("Interface", "") if kind in _WITH_MEMBER else "",
            cause=_cause(event) if kind is HappeningKind.ENDED else None,
            at=_timestamp(event) or self._now(),
        )

    def _call_id(self, event: AmiEvent, uniqueid: str, linkedid: str) -> str:
        told = event.channel_variable("CALL_ID")
        if _CALL_ID.fullmatch(told):
            return told
        return self._calls.find(uniqueid) or self._calls.find(linkedid)


class _Remembered:
    """A bounded map of texts: what was kept or found last stays longest."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[str, str] = OrderedDict()

    def keep(self, key: str, value: str) -> None:
        if not key or not value:
            return
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._size:
            self._items.popitem(last=False)

    def find(self, key: str) -> str:
        if key not in self._items:
            return ""
        self._items.move_to_end(key)
        return self._items[key]

    def forget(self, key: str) -> None:
        self._items.pop(key, None)


def _cause(event: AmiEvent) -> int | None:
    digits = event.fields.get("Cause", "")
    return int(digits) if re.fullmatch(r"[0-9]{1,3}", digits) else None


def _timestamp(event: AmiEvent) -> datetime | None:
    text = event.fields.get("Timestamp", "")
    if not re.fullmatch(r"[0-9]{1,11}\.[0-9]{1,9}", text):
        return None
    return datetime.fromtimestamp(float(text), UTC)
