import threading
from collections.abc import Callable

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from records.errors import StoreUnavailable
from records.events import EventKind
from records.failures import explained
from records.feed import keep_number, lock_numbers
from records.store import Store, _bring_up_to_date, _rows
from records.tables import EventRow
from tests.postgres_server import PostgresServer
from tests.records.call_events import event


def test_a_higher_number_is_never_seen_before_a_lower_one(
    store: Store, new_store: Callable[[str], Store]
) -> None:
    """The trap of sequences: the writer that took its number first commits last."""
    other = new_store(store._url.render_as_string(hide_password=False))
    with Session(store._writing) as slow, slow.begin():
        last = lock_numbers(slow)
        _bring_up_to_date(slow, [event("slow")])
        slow.execute(insert(EventRow), _rows([event("slow", event_id="slow")], last + 1))
        keep_number(slow, last + 1)
        overtaking = threading.Thread(target=other.append, args=([event("fast")],))
        overtaking.start()
        overtaking.join(0.3)
        assert overtaking.is_alive()  # it waits for its number
        assert other.feed() == []
    overtaking.join(30)
    assert [(found.seq, found.call_id) for found in other.feed()] == [(1, "slow"), (2, "fast")]


def test_numbers_of_a_transaction_that_rolled_back_are_given_to_the_next(store: Store) -> None:
    with Session(store._writing) as session:
        session.begin()
        keep_number(session, lock_numbers(session) + 1)
        session.rollback()
    store.append([event()])
    assert [found.seq for found in store.feed()] == [1]


def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    store.append([event("before")])
    with Session(store._writing) as writing, writing.begin():
        lock_numbers(writing)
        assert [found.call_id for found in store.feed()] == ["before"]
        assert store.call("before") is not None


@pytest.mark.postgres
def test_a_writer_frozen_in_mid_transaction_does_not_stop_the_others(
    postgres_server: PostgresServer, new_store: Callable[[str], Store]
) -> None:
    """As a node stopped by its debugger would: the server ends its transaction, the numbers are free again."""
    url = postgres_server.empty_database()
    frozen = new_store(f"{url}&options=-c%20idle_in_transaction_session_timeout%3D300")
    other = new_store(url)
    other.upgrade()
    session = Session(frozen._writing)
    lock_numbers(session)
    other.append([event(kind=EventKind.ENDED)])  # waits until the server has ended the frozen transaction
    assert [found.seq for found in other.feed()] == [1]
    with pytest.raises(StoreUnavailable), explained():
        lock_numbers(session)
    session.close()
