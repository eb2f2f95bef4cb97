"""One call as people look at it: one row, made from the call's events by `projection`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from records.events import JsonValue, place_in_life


@dataclass(frozen=True, slots=True)
class CallRecord:
    """Everything known of one call. All times are aware, in UTC; None means "not (yet) happened or said".

    The fields bear the names of the columns of the table `calls`. Values that do not fit their field (a
    location that is no object, a text for a number) are left out here and stay in the event itself.
    """

    call_id: str
    first_at: datetime
    """Time of the earliest event: lists of calls are ordered by it, also where STARTED is missing."""
    last_at: datetime
    last_kind: str
    last_event_id: str
    """With last_at and last_kind: the latest event that this record has taken in."""

    caller: str | None = None
    dialled: str | None = None
    display_name: str | None = None
    sip_call_id: str | None = None
    started_at: datetime | None = None

    location: Mapping[str, JsonValue] | None = None
    located_at: datetime | None = None

    heard: str = ""
    """The final utterances, a space between them."""
    hearing: str = ""
    """The partial utterance that no final one has replaced yet."""

    route: str | None = None
    category: str | None = None
    label: str | None = None
    priority: int | None = None
    confidence: float | None = None
    reason: str | None = None
    evidence: tuple[JsonValue, ...] = ()
    flags: tuple[JsonValue, ...] = ()
    lexicon_version: str | None = None
    decided_text: str | None = None
    """The words that were decided on."""
    joint_service: str | None = None
    department: str | None = None
    decided_at: datetime | None = None
    decisions: int = 0
    """How many decisions were taken; the fields above are of the latest one."""

    released_line: str | None = None
    released_at: datetime | None = None

    queue: str | None = None
    queued_at: datetime | None = None
    ringing: str | None = None
    """The member whose telephone rang last in this queue."""
    member: str | None = None
    answered_at: datetime | None = None
    """Of the present queue: joining another one starts the wait anew."""
    returned_to: str | None = None
    returned_at: datetime | None = None

    faults: tuple[JsonValue, ...] = ()
    """The first MAX_FAULTS faults, each {"what", "detail", "at"}."""
    fault_count: int = 0

    ended_at: datetime | None = None
    end_cause: str | None = None
    duration_s: float | None = None
    """As the telephone measured it, in seconds."""

    @property
    def said(self) -> str:
        """All that was heard: the final utterances and what was still being said."""
        return f"{self.heard} {self.hearing}".strip()

    @property
    def place(self) -> tuple[datetime, int, str]:
        """The place in the call's life up to which this record has taken in the events."""
        return place_in_life(self.last_at, self.last_kind, self.last_event_id)
