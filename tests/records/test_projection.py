import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.call_record import CallRecord
from records.cleaning import clean
from records.events import CallEvent, EventKind, FeedEvent, life_order
from records.projection import MAX_FAULTS, MAX_HEARD, apply, fold, follows
from tests.records.call_events import NOON, any_call, event, whole_call


def test_a_whole_call() -> None:
    record = fold(whole_call())
    assert (record.call_id, record.caller, record.dialled) == ("call-1", "13800138000", "110")
    assert (record.display_name, record.sip_call_id) == ("张三", "a@b")
    assert record.location == {"latitude": 39.9, "longitude": 116.4, "radius_m": 30}
    assert (record.heard, record.hearing, record.said) == ("水管爆了", "快来", "水管爆了 快来")
    assert (record.route, record.category, record.label) == ("minsheng", "water", "供水")
    assert (record.priority, record.confidence, record.decisions) == (3, 0.93, 1)
    assert record.evidence == ({"phrase": "水管爆了", "rule": "minsheng/water#1"},)
    assert (record.flags, record.lexicon_version) == (("clear",), "1.0")
    assert (record.reason, record.decided_text) == ("clear livelihood request", "水管爆了")
    assert (record.joint_service, record.department) == (None, "水务局")
    assert (record.released_line, record.queue) == ("police", "minsheng")
    assert (record.ringing, record.member, record.returned_to) == ("agent-7", "agent-7", "police")
    assert [fault["what"] for fault in record.faults if isinstance(fault, dict)] == ["ami"]
    assert (record.end_cause, record.duration_s) == ("16", 42.5)
    times = [record.started_at, record.located_at, record.decided_at, record.released_at, record.queued_at]
    times += [record.answered_at, record.returned_at, record.ended_at]
    seconds = [None if at is None else (at - NOON).total_seconds() for at in times]
    assert seconds == [0, 1, 6, 7, 8, 10, 12, 13]
    assert (record.first_at, record.last_at, record.last_kind) == (NOON, record.ended_at, "call.ended")


@given(any_call, st.data())
@settings(max_examples=50, deadline=None)
def test_the_record_is_the_same_in_whatever_order_events_come(
    call: list[CallEvent], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(call))
    assert repr(fold(shuffled)) == repr(fold(call))  # repr: NaN in hostile data is not equal to itself


@given(any_call, st.data())
@settings(max_examples=50, deadline=None)
def test_applying_what_follows_is_folding_it_all(call: list[CallEvent], data: st.DataObject) -> None:
    ordered = sorted(map(clean, call), key=life_order)
    cut = data.draw(st.integers(1, len(ordered)))
    first = fold(ordered[:cut])
    assert follows(first, ordered[cut:])
    assert fold(ordered[cut:], first) == fold(ordered)


def test_an_event_that_comes_late_is_seen_as_late() -> None:
    record = fold([event(kind=EventKind.ENDED, after_s=9)])
    assert not follows(record, [event(kind=EventKind.STARTED, after_s=0)])
    assert follows(record, [event(kind=EventKind.FAULT, after_s=10)])
    assert follows(record, [])


def test_the_same_event_does_not_follow_itself() -> None:
    ended = event(kind=EventKind.ENDED)
    assert not follows(fold([ended]), [ended])


def test_ended_alone_makes_a_record() -> None:
    record = fold([event(kind=EventKind.ENDED, cause="16")])
    assert (record.caller, record.started_at, record.end_cause) == (None, None, "16")
    assert record.first_at == record.ended_at == NOON


def test_no_event_no_record() -> None:
    with pytest.raises(ValueError, match="without any event"):
        fold([])


def test_the_latest_decision_counts_and_all_are_counted() -> None:
    first = event(kind=EventKind.DECIDED, after_s=1, route="minsheng", category="water", flags=["clear"])
    second = event(kind=EventKind.DECIDED, after_s=2, route="police", evidence=[1])
    record = fold([second, first])
    assert (record.route, record.category, record.flags, record.evidence) == ("police", None, (), (1,))
    assert record.decisions == 2


def test_a_new_queue_begins_a_new_wait() -> None:
    steps = [
        event(kind=EventKind.QUEUED, after_s=1, queue="minsheng"),
        event(kind=EventKind.ANSWERED, after_s=2, member="agent-7"),
        event(kind=EventKind.RETURNED, after_s=3, to="police"),
        event(kind=EventKind.QUEUED, after_s=4, queue="police"),
        event(kind=EventKind.RINGING, after_s=5, member="officer-1"),
    ]
    record = fold(steps)
    assert (record.queue, record.member, record.answered_at) == ("police", None, None)
    assert (record.ringing, record.returned_to) == ("officer-1", "police")


def test_a_final_utterance_replaces_the_partial_one() -> None:
    def heard(second: float, text: str, *, is_final: bool) -> CallEvent:
        return event(kind=EventKind.HEARD, after_s=second, text=text, is_final=is_final)

    said = [
        heard(1, "水", is_final=False),
        heard(2, "水管", is_final=False),
        heard(3, "水管爆了", is_final=True),
    ]
    assert fold(said[:2]).said == "水管"
    assert fold(said).said == "水管爆了"
    assert fold([*said, heard(4, "在", is_final=False)]).said == "水管爆了 在"
    assert fold([*said, heard(4, "在朝阳路", is_final=True)]).heard == "水管爆了 在朝阳路"


def test_a_transcript_and_faults_without_end_are_bounded() -> None:
    talk = [event(kind=EventKind.HEARD, after_s=n, text="水" * 999, is_final=True) for n in range(99)]
    faults = [event(kind=EventKind.FAULT, after_s=n, what=str(n)) for n in range(99)]
    record = fold(talk + faults)
    assert len(record.heard) == MAX_HEARD
    assert (len(record.faults), record.fault_count) == (MAX_FAULTS, 99)


def test_values_that_do_not_fit_are_left_out() -> None:
    hostile = fold(
        [
            event(kind=EventKind.STARTED, caller=[1], dialled=110, display_name={"a": 1}),
            event(kind=EventKind.LOCATED, location="here"),
            event(kind=EventKind.DECIDED, priority=10**15, confidence="high", evidence="x", route=None),
            event(kind=EventKind.DECIDED, after_s=1, priority=True, confidence=float("inf"), flags={"a": 1}),
            event(kind=EventKind.ENDED, duration_s="long"),
        ]
    )
    assert (hostile.caller, hostile.dialled, hostile.display_name) == (None, "110", None)
    assert (hostile.location, hostile.located_at) == (None, None)
    assert (hostile.priority, hostile.confidence, hostile.evidence, hostile.flags) == (None, None, (), ())
    assert hostile.duration_s is None
    assert hostile.ended_at == NOON


def test_a_location_is_not_lost_to_a_later_empty_one() -> None:
    there = event(kind=EventKind.LOCATED, location={"latitude": 1.5})
    empty = event(kind=EventKind.LOCATED, after_s=1, location={})
    assert fold([there, empty]).location == {"latitude": 1.5}


def test_kinds_of_a_newer_version_are_passed_over() -> None:
    before = fold([event(kind=EventKind.STARTED, caller="1")])
    newer = FeedEvent(2, "e", "call-1", "case.opened", NOON, {"caller": "2"})
    after = apply(before, newer)
    assert (after.caller, after.last_kind, after.last_event_id) == ("1", "case.opened", "e")


def test_every_kind_is_read_or_changes_nothing() -> None:
    for kind in EventKind:
        record = fold([event(kind=kind, event_id="e")])
        changed = {field.name for field in dataclasses.fields(CallRecord) if getattr(record, field.name)}
        silent = {"call_id", "first_at", "last_at", "last_kind", "last_event_id"}
        without_data = {EventKind.LISTENING, EventKind.LOCATED, EventKind.HEARD, EventKind.RINGING}
        assert (changed == silent) == (kind in {*without_data, EventKind.NOTED})
