"""What Asterisk tells of a call after its decision: queue, member, end. For the record; never needed for routing.

Calls that we never saw ourselves (the node was restarting, the parent was down) become known here too: a caller in a
queue without a CALL_ID, a channel of the carrier's that ends, and what Asterisk's own logs of calls and of queues say
of the time when nobody listened.
"""

from __future__ import annotations

import re
import time

import structlog

from ivr.ami.bridge import BRIDGE_EVENTS, CallBridge, CallHappening, HappeningKind
from ivr.ami.client import AmiClient
from ivr.ami.packs import AmiEvent
from ivr.asterisk.layout import Layout
from ivr.asterisk.settings import AsteriskSettings
from ivr.call_log import CallLog
from ivr.journal import Journal, call_id_of
from ivr.queue_log import QueueLog
from records.events import EventKind

log = structlog.get_logger(__name__)

_LOGS_EVERY_S = 600.0
_CARRIER_CHANNEL = "PJSIP/carrier"
_NUMBER = re.compile(r"[+0-9*#]{1,40}")
_MARKS = {"LineReleased": EventKind.RELEASED, "CallReturned": EventKind.RETURNED}


class Switchboard:
    """Connects to AMI whenever Asterisk is there and writes what it tells into the journal."""

    def __init__(self, settings: AsteriskSettings, journal: Journal) -> None:
        self._journal = journal
        self._bridge = CallBridge()
        layout = Layout.of(settings)
        self._calls = CallLog(layout.log / "cdr-custom" / "calls.csv", layout.root / "call_log.position")
        self._queues = QueueLog(
            layout.log / "queue_log",
            layout.root / "queue_log.position",
            {member.name: member.interface for member in (*settings.police, *settings.minsheng)},
        )
        self._logs_due = float("inf")  # first of all when AMI is there
        self._client = AmiClient(
            "127.0.0.1",
            settings.ami_port,
            settings.ami_user,
            layout.ami_secret(settings.ami_secret).get_secret_value(),
            self._on_event,
            self._on_state,
            events={*BRIDGE_EVENTS, "UserEvent"},
            event_mask="call,agent,user",
        )

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._client.start()

    def close(self) -> None:
        """End the connection and its threads."""
        self._client.close()

    def arrived(self, call_id: str, uniqueid: str) -> None:
        """FastAGI has a call: its channel belongs to this call from now on."""
        self._bridge.register(call_id, uniqueid)

    def _on_state(self, connected: bool) -> None:  # noqa: FBT001 - the client's own shape
        log.info("ami.connected" if connected else "ami.lost")
        if connected:
            self._read_logs()

    def _read_logs(self) -> None:
        """Tell what is new in Asterisk's logs: when we begin, when AMI is back, and so often that it is never much."""
        self._logs_due = time.monotonic() + _LOGS_EVERY_S
        calls, steps = self._calls.tell(self._journal), self._queues.tell(self._journal)
        log.info("call_log.read", calls=calls, steps=steps)

    def _on_event(self, event: AmiEvent) -> None:
        if time.monotonic() > self._logs_due:
            self._read_logs()
        if event.name == "UserEvent":
            self._mark(event)
            return
        stranger = _is_stranger(event)
        if stranger:
            uniqueid = event.fields["Uniqueid"]
            self._bridge.register(call_id_of(uniqueid), uniqueid)
        happening = self._bridge.translate(event)
        if happening is None:
            return
        if stranger:
            self._meet(event, happening)
        self._note(happening)

    def _meet(self, event: AmiEvent, happening: CallHappening) -> None:
        """A caller whom we have not seen ourselves gets a record by what AMI knows (once, whoever tells)."""
        fields = event.fields
        dialled = fields.get("Exten", "")
        self._journal.started(
            happening.call_id,
            caller=_known(fields.get("CallerIDNum", "")),
            display_name="",
            dialled=dialled if _NUMBER.fullmatch(dialled) else "",  # in a queue it is the dialplan's "s"
            sip_call_id="",
            channel=fields.get("Channel", ""),
            at=happening.at,
        )

    def _mark(self, event: AmiEvent) -> None:
        kind = _MARKS.get(event.fields.get("UserEvent", ""))
        call_id = event.channel_variable("CALL_ID")
        if kind is EventKind.RELEASED and call_id:
            self._journal.note(call_id, kind, line=event.fields.get("Line", ""))
        elif kind is EventKind.RETURNED and call_id:
            self._journal.note(call_id, kind, to=event.fields.get("To", ""))

    def _note(self, happening: CallHappening) -> None:
        call_id, at = happening.call_id, happening.at
        match happening.kind:
            case HappeningKind.QUEUED:
                self._journal.queued(call_id, happening.queue, at)
            case HappeningKind.RINGING:
                self._journal.note(
                    call_id, EventKind.RINGING, at, queue=happening.queue, member=happening.member
                )
            case HappeningKind.ANSWERED:
                self._journal.answered(call_id, happening.queue, happening.member, at)
            case HappeningKind.ENDED:
                self._journal.ended(call_id, f"hung up (cause {happening.cause})", at)
            case HappeningKind.ABANDONED | HappeningKind.LEFT_QUEUE:
                log.debug("queue.left", call_id=call_id, kind=happening.kind.value)


def _is_stranger(event: AmiEvent) -> bool:
    """Whether a caller of the carrier's waits or has gone whom no FastAGI session has taken in."""
    fields = event.fields
    return (
        event.name in {"QueueCallerJoin", "Hangup"}
        and fields.get("Uniqueid", "") != ""
        and fields.get("Uniqueid") == fields.get("Linkedid")
        and not event.channel_variable("CALL_ID")
        and fields.get("Channel", "").startswith(_CARRIER_CHANNEL)
    )


def _known(text: str) -> str:
    return "" if text == "<unknown>" else text
