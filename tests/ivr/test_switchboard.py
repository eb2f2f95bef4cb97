"""What AMI tells, as Asterisk words it, becomes the record; a server that speaks AMI stands in for Asterisk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from ivr.ami.packs import AmiEvent, parse_pack
from ivr.asterisk.settings import AsteriskSettings
from ivr.journal import Journal, call_id_of
from ivr.switchboard import Switchboard
from records.events import CallEvent, EventKind
from tests.asterisk_instance import free_ports
from tests.ivr.ami.manager_side import ManagerSide, agreeing, pack

UNIQUEID = "1795320880.1"
CALL = call_id_of(UNIQUEID)
AGENTS = "1795320881.2"


def lines(
    name: str, *more: str, uniqueid: str = UNIQUEID, known: bool = True, at: str = "1795320885.250000"
) -> bytes:
    """An event of the caller's call: `known` says whether the channel has a CALL_ID."""
    return pack(
        f"Event: {name}",
        "Privilege: agent,all",
        f"Timestamp: {at}",
        f"Channel: PJSIP/{'carrier' if uniqueid == UNIQUEID else 'p101'}-00000001",
        "ChannelState: 6",
        "CallerIDNum: 13800138000",
        "CallerIDName: <unknown>",
        "Context: police",
        "Exten: s",
        "Priority: 14",
        f"Uniqueid: {uniqueid}",
        f"Linkedid: {UNIQUEID}",
        f"ChanVariable: CALL_ID={CALL if known else ''}",
        *more,
    )


@pytest.fixture
def settings(tmp_path: Path) -> AsteriskSettings:
    (port,) = free_ports(1)
    return AsteriskSettings(data=tmp_path / "a", ami_port=port, ami_secret=SecretStr("right-right"))


@pytest.fixture
def switchboard(settings: AsteriskSettings, told: list[CallEvent]) -> Switchboard:
    return Switchboard(settings, Journal(told.append))


@pytest.fixture
def hears(switchboard: Switchboard) -> Callable[[bytes], None]:
    """Hands an event over as the AMI client does."""

    def hear(data: bytes) -> None:
        event = parse_pack(data.removesuffix(b"\r\n\r\n"))
        assert isinstance(event, AmiEvent)
        switchboard._on_event(event)

    return hear


Hears = Callable[[bytes], None]


def test_a_call_through_the_queue_to_a_member_and_its_end(hears: Hears, told: list[CallEvent]) -> None:
    hears(lines("QueueCallerJoin", "Queue: police", "Position: 1", "Count: 1"))
    hears(lines("AgentCalled", "Queue: police", "MemberName: p101", "Interface: PJSIP/p101"))
    hears(lines("AgentConnect", "Queue: police", "MemberName: p101", "Interface: PJSIP/p101", "HoldTime: 3"))
    hears(lines("QueueCallerLeave", "Queue: police", "Position: 1"))
    hears(lines("Hangup", "Cause: 16", "Cause-txt: Normal Clearing"))
    assert [event.kind for event in told] == [
        EventKind.QUEUED,
        EventKind.RINGING,
        EventKind.ANSWERED,
        EventKind.ENDED,
    ]
    assert {event.call_id for event in told} == {CALL}
    assert told[0].data == {"queue": "police"}
    assert told[1].data == {"queue": "police", "member": "PJSIP/p101"}
    assert told[3].data == {"cause": "hung up (cause 16)"}
    assert told[0].at == datetime.fromtimestamp(1795320885.25, UTC)


def test_an_agents_leg_that_ends_does_not_end_the_call(hears: Hears, told: list[CallEvent]) -> None:
    hears(lines("QueueCallerJoin", "Queue: police"))
    hears(lines("Hangup", "Cause: 16", uniqueid=AGENTS))
    assert [event.kind for event in told] == [EventKind.QUEUED]


def test_a_caller_nobody_took_in_gets_a_record_in_the_queue(hears: Hears, told: list[CallEvent]) -> None:
    """The listening part was away: the dialplan alone brought the call to the queue."""
    hears(lines("QueueCallerJoin", "Queue: police", known=False))
    assert [event.kind for event in told] == [EventKind.STARTED, EventKind.QUEUED]
    assert told[0].call_id == CALL
    assert told[0].data["caller"] == "13800138000"
    assert told[0].data["dialled"] == "", "in a queue the extension is the dialplan's s, not what was dialled"
    assert told[0].at == told[1].at


def test_of_a_caller_who_gave_up_before_any_queue(hears: Hears, told: list[CallEvent]) -> None:
    hears(lines("Hangup", "Cause: 16", known=False).replace(b"Exten: s", b"Exten: 110"))
    assert [event.kind for event in told] == [EventKind.STARTED, EventKind.ENDED]
    assert told[0].data["dialled"] == "110"
    assert told[0].at <= told[1].at, "a call cannot end before it begins"


def test_a_stranger_is_the_same_call_from_the_queue_to_the_end(hears: Hears, told: list[CallEvent]) -> None:
    hears(lines("QueueCallerJoin", "Queue: police", known=False))
    hears(lines("AgentConnect", "Queue: police", "Interface: PJSIP/p101", known=False))
    hears(lines("Hangup", "Cause: 16", known=False))
    assert {event.call_id for event in told} == {CALL}
    assert told[-1].kind is EventKind.ENDED
    beginnings = [event.event_id for event in told if event.kind is EventKind.STARTED]
    assert len(set(beginnings)) == 1, "whoever tells of a beginning, it is one"


def test_agents_and_other_channels_are_no_callers(hears: Hears, told: list[CallEvent]) -> None:
    hears(lines("Hangup", "Cause: 16", uniqueid=AGENTS, known=False))
    own = lines("Hangup", "Cause: 16", known=False)
    hears(own.replace(b"PJSIP/carrier-", b"Local/member-"))
    assert told == []


def test_an_unknown_number_is_none(hears: Hears, told: list[CallEvent]) -> None:
    hears(lines("QueueCallerJoin", "Queue: police", known=False).replace(b"13800138000", b"<unknown>"))
    assert told[0].data["caller"] == ""


def test_what_fastagi_has_seen_belongs_to_that_call(
    switchboard: Switchboard, hears: Hears, told: list[CallEvent]
) -> None:
    """A caller who hangs up before CALL_ID is set, and one whose id is not made from the channel's."""
    switchboard.arrived("call-of-fastagi", "1795320999.7")
    hears(
        lines("AgentConnect", "Queue: police", "Interface: PJSIP/p101", known=False).replace(
            UNIQUEID.encode(), b"1795320999.7"
        )
    )
    assert [event.call_id for event in told] == ["call-of-fastagi"]


def test_the_dialplans_own_marks(hears: Hears, told: list[CallEvent]) -> None:
    hears(lines("UserEvent", "UserEvent: LineReleased", "Line: in-house"))
    hears(lines("UserEvent", "UserEvent: CallReturned", "To: police"))
    assert [(event.kind, dict(event.data)) for event in told] == [
        (EventKind.RELEASED, {"line": "in-house"}),
        (EventKind.RETURNED, {"to": "police"}),
    ]


@pytest.mark.parametrize("mark", ["Shutdown", "", "linereleased"])
def test_marks_of_others_say_nothing(hears: Hears, told: list[CallEvent], mark: str) -> None:
    hears(lines("UserEvent", f"UserEvent: {mark}", "Line: x"))
    hears(lines("UserEvent", "UserEvent: LineReleased", "Line: x", known=False))
    assert told == []


@pytest.mark.parametrize("name", ["QueueCallerJoin", "Hangup", "UserEvent", "AgentConnect", "Newchannel"])
def test_an_event_without_anything_in_it_is_passed_over(
    hears: Hears, told: list[CallEvent], name: str
) -> None:
    hears(pack(f"Event: {name}"))
    assert told == []


# -- connected ---------------------------------------------------------------------------------------------


def until(condition: Callable[[], object], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)


def login_right(fields: dict[str, str]) -> bytes:
    return agreeing({**fields, "Secret": "right"} if fields.get("Secret") == "right-right" else fields)


@pytest.fixture
def started(switchboard: Switchboard) -> Iterator[Switchboard]:
    switchboard.start()
    yield switchboard
    switchboard.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ami-")]


def write_log(settings: AsteriskSettings, *uniqueids: str) -> None:
    folder = settings.data / "log" / "cdr-custom"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "calls.csv").open("a") as file:
        for uniqueid in uniqueids:
            fields = (
                uniqueid,
                uniqueid,
                "100.5",
                "100.6",
                "160.25",
                "139",
                "110",
                "Queue",
                "ANSWERED",
                "",
                "",
            )
            file.write(",".join(f'"{value}"' for value in fields) + "\n")


def test_the_call_log_is_told_whenever_asterisk_is_there_again(
    started: Switchboard, settings: AsteriskSettings, told: list[CallEvent]
) -> None:
    write_log(settings, "1.1")
    first = ManagerSide(login_right, port=settings.ami_port)
    until(lambda: len(told) == 2)
    first.close()
    write_log(settings, "2.2")
    second = ManagerSide(login_right, port=settings.ami_port)
    until(lambda: len(told) == 4)
    second.close()
    assert [event.kind for event in told] == 2 * [EventKind.STARTED, EventKind.ENDED]
    assert [event.call_id for event in told[::2]] == [call_id_of("1.1"), call_id_of("2.2")]


def test_events_come_over_the_connection(
    started: Switchboard, settings: AsteriskSettings, told: list[CallEvent]
) -> None:
    side = ManagerSide(login_right, port=settings.ami_port)
    until(lambda: any("Ping" in action for action in side.actions))
    side.say(lines("Newchannel") + lines("QueueCallerJoin", "Queue: police"))
    side.say(lines("UserEvent", "UserEvent: LineReleased", "Line: in-house"))
    until(lambda: len(told) == 2)
    side.close()
    assert [event.kind for event in told] == [EventKind.QUEUED, EventKind.RELEASED]
    masks = [line for action in side.actions for line in action.splitlines() if line.startswith("EventMask")]
    assert any("user" in mask for mask in masks), "the dialplan's marks have to be asked for"


def test_without_an_asterisk_it_starts_and_ends_all_the_same(started: Switchboard) -> None:
    started.arrived(CALL, UNIQUEID)
