"""What becomes a record: the right event, once, and never an error for the call."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.utterance import Utterance, Word
from ivr.dialogue import Outcome, Reason
from ivr.journal import Journal, call_id_of
from records.events import CallEvent, EventKind
from records.spool import Spool
from records.store import Store
from records.writer import EventWriter
from transfer.caller_history import History
from transfer.location import CallerLocation, LocationSource
from triage.engine import Triage
from triage.facts.finder import FactFinder

UNIQUEID = "1795320880.1"
CALL = call_id_of(UNIQUEID)
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def events() -> list[CallEvent]:
    return []


@pytest.fixture
def journal(events: list[CallEvent]) -> Journal:
    return Journal(events.append, now=lambda: NOW)


def start(journal: Journal, *, at: datetime | None = None, caller: str = "13800138000") -> None:
    journal.started(
        CALL,
        caller=caller,
        display_name="张三",
        dialled="110",
        sip_call_id="abc@carrier",
        channel="c-1",
        at=at,
    )


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_channel_has_one_identity_whoever_asks(one: str, other: str) -> None:
    assert uuid.UUID(call_id_of(one)).version == 5
    assert (call_id_of(one) == call_id_of(other)) == (one == other)


def test_a_beginning_has_the_time_that_is_told_or_now(journal: Journal, events: list[CallEvent]) -> None:
    start(journal)
    start(journal, at=NOW - timedelta(hours=1))
    assert [event.at for event in events] == [NOW, NOW - timedelta(hours=1)]
    assert events[0].kind is EventKind.STARTED
    assert events[0].data == {
        "caller": "13800138000",
        "display_name": "张三",
        "dialled": "110",
        "sip_call_id": "abc@carrier",
        "channel": "c-1",
    }


def test_what_a_call_has_once_has_the_same_id_each_time(journal: Journal, events: list[CallEvent]) -> None:
    for _ in range(2):
        start(journal)
        journal.ended(CALL, "hung up")
        journal.located(CALL, CallerLocation(LocationSource.NETWORK, NOW, civic=(("RD", "五一路"),)))
    assert len({event.event_id for event in events}) == 3
    journal.ended(call_id_of("another.2"), "hung up")
    assert len({event.event_id for event in events}) == 4


def test_what_a_call_has_often_has_a_fresh_id_each_time(journal: Journal, events: list[CallEvent]) -> None:
    for _ in range(3):
        journal.heard(CALL, Utterance("喂", is_final=True))
        journal.fault(CALL, "Broken", "why")
        journal.note(CALL, EventKind.QUEUED, queue="police")
    assert len({event.event_id for event in events}) == 9


def test_words_are_kept_with_their_confidence(journal: Journal, events: list[CallEvent]) -> None:
    journal.heard(CALL, Utterance("水管爆了", is_final=True, words=(Word("水管爆了", 0, 1, 0.87654),)))
    assert events[0].data == {"text": "水管爆了", "is_final": True, "confidence": 0.877}


def test_a_location_is_plain_json(journal: Journal, events: list[CallEvent]) -> None:
    journal.located(
        CALL, CallerLocation(LocationSource.NETWORK, NOW, 39.9, 116.4, 30.0, civic=(("A3", "朝阳区"),))
    )
    location = events[0].data["location"]
    assert isinstance(location, dict)
    assert location["civic"] == {"A3": "朝阳区"}
    assert (location["latitude"], location["uncertainty_m"]) == (39.9, 30.0)


def test_a_decision_can_be_explained_from_its_record(
    journal: Journal, events: list[CallEvent], triage: Triage
) -> None:
    decision = triage.decide("我家水管爆了")
    journal.decided(CALL, Outcome(decision, Reason.HEARD, 3.14159, lag_s=0.27182), History(24, {}))
    data = events[0].data
    assert (data["route"], data["category"], data["reason"]) == ("minsheng", decision.category, "heard")
    assert (data["after_s"], data["lag_s"]) == (3.142, 0.272)
    assert data["lexicon_version"] == triage.version
    evidence = data["evidence"]
    assert isinstance(evidence, list)
    assert len(evidence) == len(decision.evidence) > 0
    for item in evidence:
        assert str(data["text"])[item["start"] : item["end"]]
        assert item["rule"]


def test_what_only_another_reading_says_is_kept_with_that_reading(
    journal: Journal, events: list[CallEvent], triage: Triage
) -> None:
    decision = triage.decide("我家停水了", alternatives=[("喂我家抢劫了", 0.3)])
    journal.decided(CALL, Outcome(decision, Reason.HEARD, 1.0, lag_s=0.0), History(24, {}))
    data = events[0].data
    assert data["alternatives"] == [["喂我家抢劫了", 0.3]]
    assert isinstance(data["evidence"], list)
    water, doubt = data["evidence"]
    assert "alternative" not in water
    assert doubt["alternative"][doubt["start"] : doubt["end"]] == "抢劫"


def test_a_long_detail_is_cut(journal: Journal, events: list[CallEvent]) -> None:
    journal.fault(CALL, "Broken", "x" * 5000)
    assert events[0].data == {"what": "Broken", "detail": "x" * 500}


def test_told_twice_is_written_once(tmp_path: Path) -> None:
    """FastAGI, AMI and Asterisk's call log all tell of the same beginning and end."""
    with closing(Store(f"sqlite:///{tmp_path}/records.sqlite3")) as store:
        store.upgrade()
        writer = EventWriter(store, Spool(tmp_path / "spool"))
        journal = Journal(writer.submit)
        for caller in ("13800138000", ""):
            start(journal, caller=caller)
            journal.ended(CALL, "hung up")
            assert writer.flush(10)
        assert writer.close(10)
        feed = store.feed()
        assert [event.kind for event in feed] == [EventKind.STARTED, EventKind.ENDED]
        assert feed[0].data["caller"] == "13800138000", "the first to tell counts"


def test_a_writer_that_is_closed_is_not_the_calls_fault(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/records.sqlite3")) as store:
        store.upgrade()
        writer = EventWriter(store, Spool(tmp_path / "spool"))
        writer.close(10)
        journal = Journal(writer.submit)
        start(journal)
        journal.heard(CALL, Utterance("喂", is_final=True))
        assert store.feed() == []


def test_a_fault_of_our_own_is_not_hidden() -> None:
    def broken(event: CallEvent) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        start(Journal(broken))


def test_facts_are_noted_once_and_as_plain_values() -> None:
    events: list[CallEvent] = []
    journal = Journal(events.append)
    facts = FactFinder().find("邵武市五一路八十八号，昨天下午三点，两个男的")
    journal.noted("c-1", facts)
    (event,) = events
    assert event.kind is EventKind.NOTED
    assert event.event_id == "c-1:call.noted"
    kinds = [fact["kind"] for fact in json.loads(json.dumps(event.data))["facts"]]
    assert kinds[0] == "place"
    assert {"place", "time", "person"} <= set(kinds)


def test_places_of_the_second_ear_are_noted_beside_the_others_and_marked() -> None:
    events: list[CallEvent] = []
    journal = Journal(events.append)
    (fact,) = FactFinder().find("邵武市五一路八十八号")
    journal.noted("c-1", [fact])
    journal.noted_by_ear("c-1", [(fact, 0.98765)])
    first, second = events
    assert second.kind is EventKind.NOTED
    assert second.event_id == "c-1:call.noted:places"
    (plain,), (marked,) = (json.loads(json.dumps(event.data))["facts"] for event in (first, second))
    assert marked == {**plain, "by": "place_recogniser", "confidence": 0.988}
    assert not {"by", "confidence"} & set(plain)
