"""How one call went, gathered from its events: what `python -m ivr call` and the demonstration show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from records.events import EventKind, FeedEvent, life_order

_STEP_NAMES: Mapping[str, str] = {
    EventKind.STARTED: "started",
    EventKind.LOCATED: "located",
    EventKind.HEARD: "heard",
    EventKind.DECIDED: "decided",
    EventKind.QUEUED: "queued",
    EventKind.RINGING: "ringing",
    EventKind.ANSWERED: "answered",
    EventKind.RETURNED: "returned",
    EventKind.ENDED: "ended",
}


_COPIED: dict[str, str] = {
    EventKind.LOCATED: "location",
    EventKind.ANSWERED: "member",
}
"""Kinds of which one value goes into the story under its own name."""


@dataclass(slots=True)
class Story:
    """One call, told by its events in the order in which they happened."""

    call_id: str
    route: str | None = None
    category: str | None = None
    label: str | None = None
    priority: int | None = None
    confidence: float | None = None
    reason: str | None = None
    heard: str = ""
    evidence: list[dict[str, Any]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    location: dict[str, Any] | None = None
    history: dict[str, Any] | None = None
    """Earlier calls from the number, None for a first one."""
    facts: list[dict[str, Any]] = field(default_factory=list)
    """Places, times, people, ... found in the words."""
    queue: str | None = None
    member: str | None = None
    faults: list[str] = field(default_factory=list)
    steps_s: dict[str, float] = field(default_factory=dict)
    """Seconds from the start of the call to the first of each kind of event."""

    @property
    def settled(self) -> bool:
        """A member has answered, or the call is over: nothing more is to be waited for."""
        return self.member is not None or "ended" in self.steps_s

    def as_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


def tell(call_id: str, events: Iterable[FeedEvent]) -> Story:
    """Gather one call's events (others are passed over) into its story."""
    story = Story(call_id)
    began: datetime | None = None
    said: list[str] = []
    decided_on = ""
    for event in sorted((e for e in events if e.call_id == call_id), key=life_order):
        began = began or event.at
        data: dict[str, Any] = dict(event.data)
        if name := _STEP_NAMES.get(event.kind):
            story.steps_s.setdefault(name, round((event.at - began).total_seconds(), 3))
        if copied := _COPIED.get(event.kind):
            setattr(story, copied, data.get(copied))
        match event.kind:
            case EventKind.HEARD if data.get("is_final", True):
                said.append(str(data.get("text", "")))
            case EventKind.DECIDED:
                for key in ("route", "category", "label", "priority", "confidence", "reason"):
                    setattr(story, key, data.get(key))
                story.evidence = list(data.get("evidence") or ())
                story.flags = list(data.get("flags") or ())
                story.history = data.get("history")
                decided_on = str(data.get("text") or "")
            case EventKind.NOTED:  # a second one for places that were heard by their own recogniser
                story.facts += data.get("facts") or ()
            case EventKind.QUEUED:
                story.queue, story.member = data.get("queue"), None
            case EventKind.FAULT:
                story.faults.append(str(data.get("what", "")))
    # The decision's text has all that was heard, the unfinished part included; without a decision the parts do.
    story.heard = decided_on or "，".join(text for text in said if text)
    return story
