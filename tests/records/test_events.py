import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest

from records.errors import EventMalformed, RecordsError
from records.events import CallEvent, EventKind, life_order, place_in_life
from tests.records.call_events import NOON, event


def test_a_time_without_zone_is_refused_with_what_to_do() -> None:
    with pytest.raises(EventMalformed, match=r"datetime\.now\(UTC\)"):
        CallEvent("c", EventKind.STARTED, datetime(2025, 1, 1), {})  # noqa: DTZ001 - the point of the test


def test_times_are_kept_in_utc() -> None:
    beijing = timezone(timedelta(hours=8))
    made = CallEvent("c", EventKind.STARTED, datetime(2025, 6, 1, 20, 0, tzinfo=beijing), {})
    assert made.at == NOON
    assert made.at.tzinfo is UTC


def test_each_event_gets_an_id_of_its_own() -> None:
    assert len({event().event_id for _ in range(100)}) == 100
    assert len(event().event_id) == 32


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        event().call_id = "other"  # type: ignore[misc]


def test_equal_times_are_ordered_by_the_life_of_a_call_then_by_id() -> None:
    ended = event(kind=EventKind.ENDED, event_id="a")
    started = event(kind=EventKind.STARTED, event_id="z")
    again = event(kind=EventKind.STARTED, event_id="y")
    late = event(kind=EventKind.STARTED, after_s=1, event_id="0")
    assert sorted([late, ended, started, again], key=life_order) == [again, started, ended, late]


def test_an_unknown_kind_comes_after_all_known_ones() -> None:
    assert place_in_life(NOON, "case.opened", "a") > place_in_life(NOON, EventKind.ENDED, "z")


def test_the_contract_of_names() -> None:
    assert {kind.name: kind.value for kind in EventKind} == {
        "STARTED": "call.started",
        "LOCATED": "call.located",
        "LISTENING": "call.listening",
        "HEARD": "call.heard",
        "DECIDED": "call.decided",
        "NOTED": "call.noted",
        "RELEASED": "line.released",
        "QUEUED": "queue.joined",
        "RINGING": "member.ringing",
        "ANSWERED": "member.answered",
        "RETURNED": "call.returned",
        "FAULT": "call.fault",
        "ENDED": "call.ended",
    }


def test_all_errors_have_one_root_and_say_whether_to_retry() -> None:
    from records import errors

    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    ours = [value for value in classes if issubclass(value, Exception)]
    assert all(issubclass(value, RecordsError) for value in ours)
    assert {value.__name__ for value in ours if issubclass(value, RecordsError) and value.retryable} == {
        "StoreUnavailable",
        "SpoolUnavailable",
        "SpoolInUse",
        "SpoolFull",
    }
