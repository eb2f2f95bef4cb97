from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ami.bridge import BRIDGE_EVENTS, CallBridge, CallHappening, HappeningKind
from ivr.ami.packs import AmiEvent

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CALL = "3f2b8c1e5d6a4f7b9c0d1e2f3a4b5c6d"
OWN = "1795320880.1"


def bridge(**options: int) -> CallBridge:
    return CallBridge(now=lambda: NOW, **options)


def event(
    name: str, uniqueid: str = OWN, linkedid: str = OWN, call_id: str | None = CALL, **fields: str
) -> AmiEvent:
    variables = {} if call_id is None else {"ChanVariable": {"CALL_ID": call_id}}
    return AmiEvent(name, {"Uniqueid": uniqueid, "Linkedid": linkedid, **fields}, variables)


def hangup(
    uniqueid: str = OWN, linkedid: str = OWN, call_id: str | None = CALL, cause: str = "16"
) -> AmiEvent:
    return event("Hangup", uniqueid, linkedid, call_id, **{"Cause": cause, "Cause-txt": "Normal Clearing"})


def kinds(bridged: CallBridge, *events: AmiEvent) -> list[HappeningKind]:
    return [happening.kind for e in events if (happening := bridged.translate(e)) is not None]


@pytest.mark.parametrize(
    ("name", "kind", "member"),
    [
        ("QueueCallerJoin", HappeningKind.QUEUED, ""),
        ("QueueCallerAbandon", HappeningKind.ABANDONED, ""),
        ("QueueCallerLeave", HappeningKind.LEFT_QUEUE, ""),
        ("AgentCalled", HappeningKind.RINGING, "PJSIP/p101"),
        ("AgentConnect", HappeningKind.ANSWERED, "PJSIP/p101"),
    ],
)
def test_events_of_queues(name: str, kind: HappeningKind, member: str) -> None:
    found = bridge().translate(event(name, Queue="police", Interface="PJSIP/p101", MemberName="p101"))
    assert found == CallHappening(CALL, kind, "police", member, None, NOW)


def test_the_end() -> None:
    assert bridge().translate(hangup()) == CallHappening(CALL, HappeningKind.ENDED, "", "", 16, NOW)


@pytest.mark.parametrize(
    ("text", "cause"), [("17", 17), ("", None), ("x", None), ("-1", None), ("12345", None)]
)
def test_causes(text: str, cause: int | None) -> None:
    found = bridge().translate(hangup(cause=text))
    assert found is not None
    assert found.cause == cause


def test_values_that_the_record_has_are_the_records() -> None:
    assert {kind.value for kind in HappeningKind} >= {
        "queue.joined",
        "member.ringing",
        "member.answered",
        "call.ended",
    }
    assert "Hangup" in BRIDGE_EVENTS
    assert len(BRIDGE_EVENTS) == 6


def test_other_events_say_nothing() -> None:
    assert bridge().translate(event("VarSet", Variable="CALL_ID")) is None


@pytest.mark.parametrize(
    "call_id", [None, "", "short", "x" * 65, "a b c d e f", "../../../etc/passwd", "变" * 20]
)
def test_calls_that_are_not_ours(call_id: str | None) -> None:
    assert bridge().translate(event("QueueCallerJoin", call_id=call_id, Queue="police")) is None


class TestClock:
    def test_asterisks_is_used_when_it_tells(self) -> None:
        found = bridge().translate(event("QueueCallerJoin", Timestamp="1795320880.475439"))
        assert found is not None
        assert found.at == datetime(2026, 11, 22, 4, 14, 40, 475439, tzinfo=UTC)

    @pytest.mark.parametrize("text", ["", "now", "1e99.0", "99999999999999999.1", "-1.0", "nan"])
    def test_else_ours(self, text: str) -> None:
        found = bridge().translate(event("QueueCallerJoin", Timestamp=text))
        assert found is not None
        assert found.at == NOW

    @given(st.text(max_size=30))
    def test_no_timestamp_can_do_harm(self, text: str) -> None:
        found = bridge().translate(event("QueueCallerJoin", Timestamp=text))
        assert found is not None
        assert found.at.tzinfo is not None

    def test_by_itself_it_is_now(self) -> None:
        found = CallBridge().translate(event("QueueCallerJoin"))
        assert found is not None
        assert abs((found.at - datetime.now(UTC)).total_seconds()) < 60


class TestOnlyTheCallersOwnHangupEndsTheCall:
    def test_agents_legs_do_not(self) -> None:
        bridged = bridge()
        assert kinds(
            bridged,
            event("QueueCallerJoin", Queue="police"),
            hangup("1795320880.2"),  # an agent's leg: the same CALL_ID and Linkedid
            hangup("1795320880.3", call_id=None),
            hangup(),
        ) == [HappeningKind.QUEUED, HappeningKind.ENDED]

    def test_not_even_when_nothing_was_heard_of_the_call_before(self) -> None:
        assert kinds(bridge(), hangup("1795320880.2"), hangup()) == [HappeningKind.ENDED]

    def test_nor_after_the_caller_has_gone(self) -> None:
        assert kinds(bridge(), hangup(), hangup("1795320880.2"), hangup("1795320880.2", call_id=None)) == [
            HappeningKind.ENDED
        ]

    def test_a_caller_whose_channel_did_not_begin_the_call(self) -> None:
        bridged = bridge()
        join = event("QueueCallerJoin", "5.2", "5.1", Queue="police")
        assert kinds(bridged, join, hangup("5.1", "5.1"), hangup("5.2", "5.1")) == [
            HappeningKind.QUEUED,
            HappeningKind.ENDED,
        ]

    def test_a_caller_that_fastagi_knows(self) -> None:
        bridged = bridge()
        bridged.register(CALL, "5.2")
        assert kinds(bridged, hangup("5.1", "5.1"), hangup("5.2", "5.1")) == [HappeningKind.ENDED]

    def test_another_channel_of_the_call_in_a_queue_does_not_become_the_callers(self) -> None:
        bridged = bridge()
        bridged.register(CALL, OWN)
        local = event("QueueCallerJoin", "1795320880.9", OWN, Queue="police")
        assert kinds(bridged, local, hangup("1795320880.9"), hangup()) == [
            HappeningKind.QUEUED,
            HappeningKind.ENDED,
        ]

    def test_it_ends_once(self) -> None:
        bridged = bridge()
        bridged.register(CALL, OWN)
        assert kinds(bridged, hangup(call_id=None), hangup(call_id=None)) == [HappeningKind.ENDED]


class TestWithoutTheChannelVariable:
    def test_by_registration(self) -> None:
        bridged = bridge()
        bridged.register(CALL, OWN)
        found = bridged.translate(event("QueueCallerJoin", call_id=None, Queue="police"))
        assert found is not None
        assert found.call_id == CALL

    def test_by_what_was_heard_before(self) -> None:
        bridged = bridge()
        bridged.translate(event("QueueCallerJoin", "5.2", "5.1", Queue="police"))
        for uniqueid, linkedid in (("5.2", "9.9"), ("9.9", "5.1")):
            found = bridged.translate(event("AgentCalled", uniqueid, linkedid, call_id=None, Queue="police"))
            assert found is not None
            assert found.call_id == CALL

    def test_an_empty_variable_is_none(self) -> None:
        bridged = bridge()
        bridged.register(CALL, OWN)
        found = bridged.translate(event("QueueCallerJoin", call_id="", Queue="police"))
        assert found is not None
        assert found.call_id == CALL

    def test_events_without_channel(self) -> None:
        assert bridge().translate(AmiEvent("QueueCallerJoin", {"Queue": "police"})) is None
        assert bridge().translate(AmiEvent("Hangup", {})) is None


class TestBounds:
    def test_the_oldest_calls_are_forgotten(self) -> None:
        bridged = bridge(max_calls=3)
        for number in range(5):
            bridged.register(f"call-0000{number}", f"1.{number}")
        assert len(bridged._own._items) == 3
        assert bridged._own.find("call-00004") == "1.4"
        assert bridged._own.find("call-00001") == ""

    def test_a_call_that_is_heard_of_stays(self) -> None:
        bridged = bridge(max_calls=2)
        bridged.register("call-00001", "1.1")
        for number in range(2, 9):
            bridged.register(f"call-0000{number}", f"1.{number}")
            bridged.translate(event("AgentCalled", "1.1", "1.1", "call-00001", Queue="police"))
        assert kinds(bridged, hangup("1.1", "1.1", "call-00001")) == [HappeningKind.ENDED]

    def test_ended_calls_are_forgotten(self) -> None:
        bridged = bridge()
        for number in range(100):
            call_id, uniqueid = f"call-{number:05}", f"1.{number}"
            bridged.translate(event("QueueCallerJoin", uniqueid, uniqueid, call_id, Queue="police"))
            bridged.translate(hangup(uniqueid, uniqueid, call_id))
        assert not bridged._own._items
        assert not bridged._calls._items

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(BRIDGE_EVENTS)),
                st.sampled_from(["1", "2", "3", ""]),
                st.sampled_from(["1", "2", ""]),
                st.sampled_from(["call-00001", "call-00002", "", None]),
            ),
            max_size=60,
        )
    )
    def test_whatever_comes_the_maps_stay_bounded_and_calls_end_at_most_once_a_queueing(
        self, told: list[tuple[str, str, str, str | None]]
    ) -> None:
        bridged = bridge(max_calls=2)
        for name, uniqueid, linkedid, call_id in told:
            found = bridged.translate(event(name, uniqueid, linkedid, call_id))
            assert found is None or found.call_id in {"call-00001", "call-00002"}
            assert len(bridged._own._items) <= 2
            assert len(bridged._calls._items) <= 4

    def test_from_many_threads(self) -> None:
        bridged = bridge(max_calls=50)
        faults: list[BaseException] = []

        def work(thread: int) -> None:
            try:
                for number in range(200):
                    call_id, uniqueid = f"call-{thread}-{number:05}", f"{thread}.{number}"
                    bridged.register(call_id, uniqueid)
                    bridged.translate(event("QueueCallerJoin", uniqueid, uniqueid, call_id))
                    bridged.translate(hangup(uniqueid, uniqueid, call_id))
            except BaseException as error:  # noqa: BLE001 - shown below
                faults.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert not bridged._own._items
