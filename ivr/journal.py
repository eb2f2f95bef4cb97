"""Turns what happens to a call into numbered events for the record. Never blocks and never fails a call.

A call's identity comes from Asterisk's own unique id of the caller's channel, and so do the identities of its
beginning and its end: whoever tells of them first (the FastAGI session, AMI, Asterisk's call records read after a
crash), the record has each of them once.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from asr.utterance import Utterance
from ivr.dialogue import Outcome
from records.errors import RecordsError
from records.events import CallEvent, EventKind, JsonValue
from transfer.caller_history import History
from transfer.location import CallerLocation
from triage.decision import Evidence
from triage.facts.fact import Fact

log = structlog.get_logger(__name__)

_CALLS = uuid.UUID("5d6e2f0a-0110-4110-8110-6d696e736821")
_LOG_AND_AMI_AGREE_WITHIN = timedelta(seconds=5)  # a round in a queue is longer
_STEPS_KEPT = 20_000  # of some 5,000 calls, far more than wait at any time
_ONCE = frozenset({EventKind.STARTED, EventKind.LOCATED, EventKind.DECIDED, EventKind.NOTED, EventKind.ENDED})


def call_id_of(uniqueid: str) -> str:
    """The call's id: the same for the same channel, whoever asks."""
    return str(uuid.uuid5(_CALLS, uniqueid))


class Journal:
    """Writes a call's story. `submit` hands an event on and must not block (EventWriter.submit)."""

    def __init__(
        self, submit: Callable[[CallEvent], None], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._submit = submit
        self._now = now
        self._lock = threading.Lock()
        self._told: dict[
            str, datetime | None
        ] = {}  # ids of steps, oldest first; when, where a log told of them

    def started(
        self,
        call_id: str,
        *,
        caller: str,
        display_name: str,
        dialled: str,
        sip_call_id: str,
        channel: str,
        at: datetime | None = None,
    ) -> None:
        """A caller has been answered, `at` (now)."""
        self.note(
            call_id,
            EventKind.STARTED,
            at,
            caller=caller,
            display_name=display_name,
            dialled=dialled,
            sip_call_id=sip_call_id,
            channel=channel,
        )

    def located(self, call_id: str, location: CallerLocation) -> None:
        """The network told where the caller is."""
        self.note(call_id, EventKind.LOCATED, location=_json(location.as_json()))

    def heard(self, call_id: str, utterance: Utterance) -> None:
        """The caller has finished an utterance."""
        self.note(
            call_id,
            EventKind.HEARD,
            text=utterance.text,
            is_final=utterance.is_final,
            confidence=round(utterance.confidence, 3),
        )

    def decided(self, call_id: str, outcome: Outcome, history: History) -> None:
        """The route is known, and why. `history`: of the number, which is told and was not asked."""
        decision = outcome.decision
        self.note(
            call_id,
            EventKind.DECIDED,
            route=decision.route.value,
            category=decision.category,
            label=decision.label,
            priority=decision.priority,
            confidence=round(decision.confidence, 3),
            evidence=[_evidence(found) for found in decision.evidence],
            flags=list(decision.flags),
            joint_service=decision.joint_service,
            department=decision.department,
            lexicon_version=decision.lexicon_version,
            text=decision.text,
            reason=outcome.reason.value,
            after_s=round(outcome.after_s, 3),
            lag_s=round(outcome.lag_s, 3),
            history=history.as_json(),
            alternatives=[list(other) for other in decision.alternatives],  # last: an event is cut at its end
        )

    def noted(self, call_id: str, facts: Sequence[Fact]) -> None:
        """What was found in the caller's words: for those who take the call, after it was decided."""
        self.note(call_id, EventKind.NOTED, facts=[_fact(fact) for fact in facts])

    def noted_by_ear(self, call_id: str, places: Sequence[tuple[Fact, float]]) -> None:
        """Places that the recogniser of places alone heard, each with its confidence, 0..1; beside what was noted."""
        facts: list[JsonValue] = [
            {**_fact(fact), "by": "place_recogniser", "confidence": round(confidence, 3)}
            for fact, confidence in places
        ]
        self._write(
            f"{call_id}:{EventKind.NOTED.value}:places", call_id, EventKind.NOTED, None, {"facts": facts}
        )

    def queued(self, call_id: str, queue: str, at: datetime, *, read_afterwards: bool = False) -> None:
        """The caller has joined a queue."""
        self._step(call_id, EventKind.QUEUED, at, queue, read_afterwards=read_afterwards, queue=queue)

    def answered(
        self, call_id: str, queue: str, member: str, at: datetime, *, read_afterwards: bool = False
    ) -> None:
        """A member has answered the caller."""
        key = f"{queue}:{member}"
        self._step(
            call_id, EventKind.ANSWERED, at, key, read_afterwards=read_afterwards, queue=queue, member=member
        )

    def fault(self, call_id: str, what: str, detail: str) -> None:
        """Something failed while this call was ours; it went to police."""
        self.note(call_id, EventKind.FAULT, what=what, detail=detail[:500])

    def ended(self, call_id: str, cause: str, at: datetime | None = None) -> None:
        """The caller is gone."""
        self.note(call_id, EventKind.ENDED, at=at, cause=cause)

    def note(self, call_id: str, kind: EventKind, at: datetime | None = None, **data: JsonValue) -> None:
        """Any event. Those that a call has once get an id made from the call, so that they are written once."""
        event_id = f"{call_id}:{kind.value}" if kind in _ONCE else uuid.uuid4().hex
        self._write(event_id, call_id, kind, at, data)

    def _step(
        self,
        call_id: str,
        kind: EventKind,
        at: datetime,
        key: str,
        *,
        read_afterwards: bool,
        **data: JsonValue,
    ) -> None:
        """A step that AMI and Asterisk's queue log both tell: its first time is written once, whoever tells.

        Later times (a second round in the queue) are AMI's alone to tell: a log read again cannot be told from them.
        """
        event_id = f"{call_id}:{kind.value}:{key}"
        with self._lock:
            again, logged_at = event_id in self._told, self._told.get(event_id)
            if not again or not read_afterwards:
                self._told[event_id] = at if read_afterwards else None
            if len(self._told) > _STEPS_KEPT:
                del self._told[next(iter(self._told))]
        # While a log was read AMI may have told the same; it comes behind the log then.
        the_same = logged_at is not None and abs(at - logged_at) < _LOG_AND_AMI_AGREE_WITHIN
        if again and not read_afterwards and not the_same:
            event_id = uuid.uuid4().hex
        self._write(event_id, call_id, kind, at, data)

    def _write(
        self, event_id: str, call_id: str, kind: EventKind, at: datetime | None, data: Mapping[str, JsonValue]
    ) -> None:
        try:
            self._submit(CallEvent(call_id, kind, at or self._now(), data, event_id))
        except RecordsError as error:
            # The writer is closed (we are stopping). Asterisk's own call log still tells of the call.
            log.error("journal.event_lost", call_id=call_id, kind=kind.value, reason=str(error))  # noqa: TRY400 - the reason says it all


def _evidence(found: Evidence) -> JsonValue:
    elsewhere: dict[str, JsonValue] = {"alternative": found.alternative} if found.alternative else {}
    return {
        "phrase": found.phrase,
        "start": found.start,
        "end": found.end,
        "rule": found.rule,
        "category": found.category,
        "weight": found.weight,
        **elsewhere,
    }


def _fact(fact: Fact) -> dict[str, JsonValue]:
    parts: list[JsonValue] = [
        {"level": part.level.value, "value": part.value, "start": part.start, "end": part.end, "code": part.code,
         "by_sound": part.by_sound}
        for part in fact.parts
    ]  # fmt: skip
    return {
        "kind": fact.kind.value,
        "text": fact.text,
        "value": fact.value,
        "start": fact.start,
        "end": fact.end,
        "parts": parts,
    }


def _json(value: Mapping[str, object]) -> JsonValue:
    """Plain JSON types; the dataclasses that come here hold nothing else."""
    return {key: _json(v) if isinstance(v, Mapping) else v for key, v in value.items()}  # type: ignore[misc]
