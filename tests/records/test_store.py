import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from records.cleaning import clean
from records.errors import CallNotFound, StoreUnavailable
from records.events import CallEvent, EventKind
from records.projection import fold
from records.store import Store
from tests.records.call_events import NOON, any_call, event, whole_call


def test_events_come_back_numbered_and_as_they_were(store: Store) -> None:
    call = whole_call()
    store.append(call)
    feed = store.feed()
    assert [found.seq for found in feed] == list(range(1, len(call) + 1))
    assert [(f.event_id, f.call_id, f.kind, f.at, f.data) for f in feed] == [
        (e.event_id, e.call_id, e.kind, e.at, e.data) for e in call
    ]


def test_the_record_is_what_folding_the_events_gives(store: Store) -> None:
    store.append(whole_call())
    assert store.call("call-1") == fold(whole_call())
    assert store.call("nobody") is None


def test_an_event_written_twice_is_written_once(store: Store) -> None:
    call = whole_call()
    store.append(call)
    store.append([*call, *call])
    store.append([event("other"), call[0]])
    assert len(store.feed()) == len(call) + 1
    assert store.call("call-1") == fold(call)
    assert store.feed()[-1].seq == len(call) + 1


def test_an_event_twice_in_one_batch_is_written_once(store: Store) -> None:
    once = event(kind=EventKind.FAULT, what="x")
    store.append([once, once])
    record = store.call("call-1")
    assert record is not None
    assert record.fault_count == 1
    assert len(store.feed()) == 1


def test_nothing_is_written_for_nothing(store: Store) -> None:
    store.append([])
    assert store.feed() == []


@given(call=any_call, data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_in_any_batches_gives_the_same_record(
    store: Store, call: list[CallEvent], data: st.DataObject
) -> None:
    name = f"call-{uuid4()}"  # not drawn: the database stays from example to example
    mine = [CallEvent(name, e.kind, e.at, e.data, f"{name[-20:]}-{e.event_id}") for e in call]
    before = store.last_number()
    shuffled = data.draw(st.permutations(mine))
    size = data.draw(st.integers(1, len(mine)))
    for start in range(0, len(shuffled), size):
        store.append(shuffled[start : start + size])
    assert store.call(name) == fold([clean(e) for e in mine])
    assert [e.call_id for e in store.feed(after=before)] == [name] * len(mine)


def test_a_call_drained_backwards_comes_out_the_same(store: Store) -> None:
    for step in reversed(whole_call()):
        store.append([step])
    assert store.call("call-1") == fold(whole_call())


def test_hostile_values_are_kept_beside_others(store: Store) -> None:
    hostile = [
        event("\x00", EventKind.STARTED, caller="\x00\ud800", display_name="x" * 1_000_000),
        event("c" * 5_000, EventKind.HEARD, text="a'b\"c\\ %s :name $1 {0}", is_final=True),
        event(
            "call-1", EventKind.DECIDED, priority=10**30, confidence=1e308, evidence=[{"a": [None]}] * 9_999
        ),
        event("call-2", EventKind.LOCATED, location={"\x00": "\x00", "deep": [[[[[["x"]]]]]]}),
        event("call-3", EventKind.STARTED, event_id="e" * 9_999, caller="'; DROP TABLE calls; --" * 9),
    ]
    store.append(hostile)
    store.append(hostile)
    feed = store.feed()
    assert len(feed) == 5
    assert [found.data for found in feed] == [clean(given_event).data for given_event in hostile]
    assert {record.call_id for record in store.calls()} == {
        clean(given_event).call_id for given_event in hostile
    }


def test_numbers_come_back_to_the_last_bit(store: Store) -> None:
    values = [1e308, 5e-324, 0.1, -0.0, 2**63 - 1, 1.7976931348623157e308]
    store.append([event(kind=EventKind.DECIDED, confidence=0.1 + 0.2, evidence=values)])
    assert store.feed()[0].data["evidence"] == values
    record = store.call("call-1")
    assert record is not None
    assert record.confidence == 0.1 + 0.2


def test_feed_pages_and_resumes(store: Store) -> None:
    store.append([event(f"call-{number}") for number in range(25)])
    seen: list[int] = []
    while page := store.feed(after=seen[-1] if seen else 0, limit=10):
        seen += [found.seq for found in page]
    assert seen == list(range(1, 26))
    assert store.feed(after=25) == []
    store.append([event("late")])
    assert [found.call_id for found in store.feed(after=25)] == ["late"]


def test_the_last_number_is_where_the_next_events_begin(store: Store) -> None:
    assert store.last_number() == 0
    store.append([event(f"call-{number}") for number in range(7)])
    assert store.last_number() == 7
    assert store.feed(after=store.last_number()) == []
    store.append([event("late")])
    assert [found.call_id for found in store.feed(after=7)] == ["late"]
    assert store.last_number() == 8


def test_calls_are_listed_latest_first_page_by_page(store: Store) -> None:
    for number in range(7):
        store.append([event(f"call-{number}", after_s=number // 2)])
    first = store.calls(limit=3)
    second = store.calls(limit=3, before=first[-1].call_id)
    third = store.calls(limit=3, before=second[-1].call_id)
    names = [record.call_id for record in first + second + third]
    assert names == ["call-6", "call-5", "call-4", "call-3", "call-2", "call-1", "call-0"]
    with pytest.raises(CallNotFound, match="first page"):
        store.calls(before="nobody")


def test_a_list_is_ordered_by_the_first_event_however_late_it_came(store: Store) -> None:
    store.append([event("old", EventKind.ENDED, after_s=100), event("new", after_s=50)])
    store.append([event("old", EventKind.STARTED, after_s=0)])
    assert [record.call_id for record in store.calls()] == ["new", "old"]


def test_two_writers_at_once_leave_no_hole_and_no_double(url: str, new_store: Callable[[str], Store]) -> None:
    new_store(url).upgrade()
    shared = [event("shared", EventKind.FAULT, number, f"shared-{number}") for number in range(30)]
    failures: list[Exception] = []

    def write(store: Store, name: str) -> None:
        try:
            for number in range(30):
                store.append([event(name, EventKind.FAULT, number), shared[number]])
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=write, args=(new_store(url), f"call-{n}")) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = new_store(url)
    assert failures == []
    assert [found.seq for found in store.feed(limit=1_000)] == list(range(1, 121))
    counts = {record.call_id: record.fault_count for record in store.calls()}
    assert counts == {"call-0": 30, "call-1": 30, "call-2": 30, "shared": 30}


def test_a_reader_beside_writers_never_misses_a_number(url: str, new_store: Callable[[str], Store]) -> None:
    new_store(url).upgrade()

    def write(store: Store, name: str) -> None:
        for number in range(40):
            store.append([event(name, after_s=number), event(name, after_s=number)])

    threads = [threading.Thread(target=write, args=(new_store(url), f"call-{n}")) for n in range(3)]
    reader, seen = new_store(url), list[int]()
    for thread in threads:
        thread.start()
    while len(seen) < 240 and (any(thread.is_alive() for thread in threads) or reader.feed(len(seen))):
        page = reader.feed(after=seen[-1] if seen else 0, limit=7)
        seen += [found.seq for found in page]
    for thread in threads:
        thread.join()
    assert seen == list(range(1, 241))


def test_a_transaction_that_fails_takes_no_number(store: Store) -> None:
    store.append([event("a")])
    with store._engine.begin() as connection:
        connection.execute(text("ALTER TABLE call_events RENAME TO away"))
    with pytest.raises(StoreUnavailable):
        store.append([event("b")])
    with store._engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO call_events"))
    assert store.call("b") is None
    store.append([event("c")])
    assert [(found.seq, found.call_id) for found in store.feed()] == [(1, "a"), (2, "c")]


def test_a_counter_that_lags_behind_does_not_give_a_number_twice(store: Store) -> None:
    store.append([event("a"), event("b")])
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE feed_counter SET last_seq = 0"))
    store.append([event("c")])
    assert [found.seq for found in store.feed()] == [1, 2, 3]


def test_a_number_is_not_given_again_after_the_last_event_was_deleted(store: Store) -> None:
    store.append([event("a"), event("b")])
    with store._engine.begin() as connection:
        connection.execute(text("DELETE FROM call_events WHERE seq = 2"))
    store.append([event("c")])
    assert [found.seq for found in store.feed()] == [1, 3]


def test_a_counter_that_is_gone_is_named(store: Store) -> None:
    with store._engine.begin() as connection:
        connection.execute(text("DELETE FROM feed_counter"))
    with pytest.raises(StoreUnavailable, match="feed_counter"):
        store.append([event()])


def test_what_a_newer_version_wrote_is_read_and_folded_around(store: Store) -> None:
    store.append([event(after_s=5)])
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE call_events SET kind = 'case.opened'"))
    store.append([event(kind=EventKind.HEARD, after_s=1, text="水", is_final=True)])
    assert [found.kind for found in store.feed()] == ["case.opened", "call.heard"]
    record = store.call("call-1")
    assert record is not None
    assert (record.heard, record.first_at) == ("水", NOON + timedelta(seconds=1))


def test_batches_larger_than_one_question_to_the_database(store: Store) -> None:
    many = [event(f"call-{number % 700}", EventKind.FAULT, number) for number in range(1_500)]
    store.append(many)
    store.append(many)
    assert store.feed(after=1_499)[0].seq == 1_500
    assert len(store.calls(limit=1_000)) == 700


def test_a_late_event_that_later_ones_outdo_is_kept(store: Store) -> None:
    store.append([event(event_id="b", caller="1")])
    store.append([event(event_id="a", caller="2")])  # the same time and kind: the record stays as it is
    assert [found.event_id for found in store.feed()] == ["b", "a"]
    record = store.call("call-1")
    assert record is not None
    assert record.caller == "1"
