import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text
from structlog.testing import capture_logs

from records.errors import WriterClosed
from records.events import CallEvent, EventKind
from records.projection import fold
from records.spool import Spool
from records.store import Store
from records.writer import EventWriter, WriterHealth
from tests.postgres_server import PostgresServer
from tests.records.call_events import event, whole_call

NewStore = Callable[[str], Store]
NewWriter = Callable[..., EventWriter]
WELL = WriterHealth(None, None, 0, 0, 0)


class GatedStore(Store):
    """A real store whose `append` waits at a gate: a database that is slow or frozen."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.gate = threading.Event()
        self.arrived = threading.Event()
        self.batches: list[int] = []

    def append(self, events: Sequence[CallEvent]) -> None:
        self.arrived.set()
        self.gate.wait(60)
        self.batches.append(len(events))
        super().append(events)


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[GatedStore]:
    store = GatedStore(f"sqlite:///{tmp_path}/gated.sqlite3")
    yield store
    store.gate.set()
    store.close()


def ids(store: Store) -> list[str]:
    return [found.event_id for found in store.feed(limit=10_000)]


def until(writer: EventWriter, condition: Callable[[], bool]) -> None:
    """Wait for a condition that the writer's threads bring about (each change notifies)."""
    with writer._changed:
        assert writer._changed.wait_for(condition, 20), writer


def test_what_is_submitted_is_stored(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    store = new_store(url)
    writer = new_writer(store, Spool(tmp_path / "spool"))  # which builds the tables too
    for made in whole_call():
        writer.submit(made)
    assert writer.flush(20)
    assert ids(store) == [made.event_id for made in whole_call()]
    assert store.call("call-1") == fold(whole_call())
    assert writer.health().in_memory == writer.health().spooled_bytes == 0
    assert writer.close(20)
    assert list((tmp_path / "spool").glob("0*.jsonl")) == []


def test_many_threads_submit_at_once(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    store = new_store(url)
    writer = new_writer(store, Spool(tmp_path / "spool"))

    def submit(name: str) -> None:
        for number in range(100):
            writer.submit(event(name, EventKind.FAULT, number, f"{name}-{number}"))

    threads = [threading.Thread(target=submit, args=(f"call-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.flush(30)
    assert [found.seq for found in store.feed(limit=1_000)] == list(range(1, 801))
    for number in range(8):
        mine = [name for name in ids(store) if name.startswith(f"call-{number}-")]
        assert mine == [f"call-{number}-{n}" for n in range(100)]  # a thread's events keep their order


def test_two_writers_on_one_database(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    """Two nodes that start at the same time on an empty database."""
    writers = [new_writer(new_store(url), Spool(tmp_path / f"spool-{n}")) for n in range(2)]
    for number in range(200):
        for name, writer in enumerate(writers):
            writer.submit(event(f"call-{name}", EventKind.FAULT, number))
    assert all(writer.flush(30) for writer in writers)
    store = new_store(url)
    assert [found.seq for found in store.feed(limit=1_000)] == list(range(1, 401))
    assert [record.fault_count for record in store.calls()] == [200, 200]


def test_submit_does_not_wait_for_a_frozen_database(
    gated: GatedStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    writer = new_writer(gated, Spool(tmp_path / "spool"))
    writer.submit(event(event_id="first"))
    assert gated.arrived.wait(20)
    for number in range(500):
        writer.submit(event("call-2", EventKind.FAULT, number))
    until(writer, lambda: not writer._waiting)  # all on the disk, though the database has not answered
    lines = b"".join(path.read_bytes() for path in sorted((tmp_path / "spool").glob("0*.jsonl"))).splitlines()
    assert len(lines) == 501
    assert not writer.flush(0.05)
    gated.gate.set()
    assert writer.flush(20)
    assert max(gated.batches[1:]) == 200  # what has piled up is written in batches
    assert len(ids(gated)) == 501


def test_what_the_database_does_not_confirm_in_time_is_synced(
    gated: GatedStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool")
    synced = threading.Event()
    real = spool.sync

    def sync() -> None:
        real()
        synced.set()

    spool.sync = sync  # type: ignore[method-assign]
    writer = new_writer(gated, spool)
    writer.submit(event())
    assert synced.wait(20)
    assert not spool._unsynced
    gated.gate.set()
    assert writer.flush(20)


def test_data_changed_after_submitting_is_stored_as_it_was(
    gated: GatedStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    writer = new_writer(gated, Spool(tmp_path / "spool"))
    data = {"caller": "before"}
    writer.submit(CallEvent("call-1", EventKind.STARTED, event().at, data))
    data["caller"] = "after"
    gated.gate.set()
    assert writer.flush(20)
    assert gated.feed()[0].data == {"caller": "before"}


def test_hostile_events_are_stored_with_the_others(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    store = new_store(url)
    writer = new_writer(store, Spool(tmp_path / "spool"))
    writer.submit(event("a", caller="\x00\ud800\n", display_name="x" * 5_000_000))
    writer.submit(event("b\x00", kind=EventKind.HEARD, text="\x00" * 100, is_final=True))
    writer.submit(event("c"))
    assert writer.flush(20)
    assert len(ids(store)) == 3
    assert writer.health().lost == 0
    assert list((tmp_path / "spool").glob("aside*")) == []


@pytest.mark.postgres
def test_an_event_that_postgresql_refuses_stops_nobody(
    postgres_server: PostgresServer, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    store = new_store(postgres_server.empty_database())
    store.upgrade()
    with store._engine.begin() as connection:
        connection.execute(
            text("""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.call_id LIKE 'poison%' THEN RAISE EXCEPTION 'poisoned' USING ERRCODE = '22000'; END IF;
                RETURN NEW; END $$""")
        )
        connection.execute(
            text("CREATE TRIGGER t BEFORE INSERT ON call_events FOR EACH ROW EXECUTE FUNCTION refuse()")
        )
    check_poison(store, new_writer, tmp_path, {})


def test_an_event_that_sqlite_refuses_stops_nobody(
    new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    store = new_store(f"sqlite:///{tmp_path}/records.sqlite3")

    @sqlalchemy_event.listens_for(store._engine, "connect")
    def small(connection: sqlite3.Connection, _: object) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 6_000)

    check_poison(store, new_writer, tmp_path, {"text": "x" * 7_000})


def check_poison(store: Store, new_writer: NewWriter, folder: Path, poison: dict[str, str]) -> None:
    spool = Spool(folder / "spool")
    spool.append([event(f"good-{n}", event_id=f"good-{n}") for n in range(7)])
    for n in range(3):
        spool.append([CallEvent(f"poison-{n}", EventKind.HEARD, event().at, poison, f"poison-{n}")])
        spool.append([event("after", EventKind.FAULT, n, f"after-{n}")])
    with capture_logs() as logs:
        writer = new_writer(store, spool)
        assert writer.flush(20)
    refused = [entry for entry in logs if entry["event"] == "records.event_refused"]
    assert [entry["call_id"] for entry in refused] == ["poison-0", "poison-1", "poison-2"]
    assert {entry["log_level"] for entry in refused} == {"critical"}
    assert ids(store) == [*(f"good-{n}" for n in range(7)), *(f"after-{n}" for n in range(3))]
    assert store.call("poison-0") is None
    kept = (folder / "spool" / "aside-0001.jsonl").read_text().splitlines()
    assert ["refused by the database" in line and "poison" in line for line in kept] == [True] * 3
    assert writer.close(20)
    assert list((folder / "spool").glob("0*.jsonl")) == []


def blocked_spool(tmp_path: Path) -> tuple[Spool, Path]:
    """A spool whose disk is away: a file lies where its folder's parent should be."""
    blocker = tmp_path / "disk"
    blocker.touch()
    return Spool(blocker / "spool"), blocker


def test_with_the_disk_away_events_go_to_the_database_from_memory(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    spool, blocker = blocked_spool(tmp_path)
    store = new_store(url)
    with capture_logs() as logs:
        writer = new_writer(store, spool)
        for made in whole_call():
            writer.submit(made)
        assert writer.flush(20)
    assert [entry["log_level"] for entry in logs if entry["event"] == "records.spool_away"] == ["critical"]
    assert store.call("call-1") == fold(whole_call())
    assert writer.health().spool_error is not None
    blocker.unlink()
    with capture_logs() as logs:
        writer.submit(event("later"))
        assert writer.flush(20)
    assert "records.spool_back" in [entry["event"] for entry in logs]
    assert writer.health() == WELL
    assert len(ids(store)) == len(whole_call()) + 1


def test_with_disk_and_database_away_memory_is_bounded_and_the_loss_is_loud(
    tmp_path: Path, new_store: NewStore, new_writer: NewWriter
) -> None:
    spool, blocker = blocked_spool(tmp_path)
    store = new_store(f"sqlite:///{blocker}/records.sqlite3")
    writer = new_writer(store, spool, memory_limit=50)
    with capture_logs() as logs:
        for number in range(60):
            writer.submit(event(f"call-{number}", event_id=f"id-{number}"))
    lost = [entry for entry in logs if entry["event"] == "records.event_lost"]
    assert [entry["call_id"] for entry in lost] == [f"call-{number}" for number in range(50, 60)]
    assert {entry["log_level"] for entry in lost} == {"critical"}
    until(writer, lambda: writer._store_error is not None)
    health = writer.health()
    assert (health.lost, health.in_memory) == (10, 50)
    assert health.spool_error is not None
    blocker.unlink()
    assert writer.flush(20)
    assert ids(store) == [f"id-{number}" for number in range(50)]


def test_closing_with_everything_away_gives_up_in_time_and_says_what_is_lost(
    tmp_path: Path, new_store: NewStore, new_writer: NewWriter
) -> None:
    spool, blocker = blocked_spool(tmp_path)
    writer = new_writer(new_store(f"sqlite:///{blocker}/records.sqlite3"), spool)
    writer.submit(event())
    with capture_logs() as logs:
        assert not writer.close(0.3)
    closed = [entry for entry in logs if entry["event"] == "records.closed_with_backlog"]
    assert [entry["lost"] for entry in closed] == [1]


def test_closing_with_the_database_away_leaves_all_of_it_in_the_spool(
    tmp_path: Path, new_store: NewStore, new_writer: NewWriter
) -> None:
    blocker = tmp_path / "disk"
    blocker.touch()
    away = new_store(f"sqlite:///{blocker}/records.sqlite3")
    writer = new_writer(away, Spool(tmp_path / "spool"))
    for made in whole_call():
        writer.submit(made)
    assert not writer.close(20)
    assert not [thread for thread in writer._threads if thread.is_alive()]
    blocker.unlink()
    second = new_writer(away, Spool(tmp_path / "spool"))
    assert second.flush(20)
    assert away.call("call-1") == fold(whole_call())


def test_closing_does_not_wait_for_a_frozen_database_longer_than_it_may(
    gated: GatedStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    writer = new_writer(gated, Spool(tmp_path / "spool"))
    for made in whole_call():
        writer.submit(made)
    assert gated.arrived.wait(20)
    assert not writer.close(0.3)
    gated.gate.set()  # it thaws after all, and commits what it was given, when the next process is already here
    second = new_writer(gated, Spool(tmp_path / "spool"))
    assert second.flush(20)
    writer._threads[1].join(20)
    assert ids(gated) == [made.event_id for made in whole_call()]


def test_after_closing_nothing_is_taken(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    writer = new_writer(new_store(url), Spool(tmp_path / "spool"))
    assert writer.close(20)
    assert writer.close(20)
    with pytest.raises(WriterClosed, match="close the writer last"):
        writer.submit(event())


def test_closing_stores_what_was_submitted_just_before(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    store = new_store(url)
    writer = new_writer(store, Spool(tmp_path / "spool"))
    for number in range(1_000):
        writer.submit(event(f"call-{number % 9}", EventKind.FAULT, number))
    assert writer.close(30)
    assert len(ids(store)) == 1_000
    assert not [thread for thread in writer._threads if thread.is_alive()]


def test_a_torn_spool_of_the_process_before_is_drained_at_start(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    first = Spool(tmp_path / "spool")
    first.append(whole_call())
    first.close()
    path = tmp_path / "spool" / "000000000001.jsonl"
    path.write_bytes(path.read_bytes()[:-7])
    store = new_store(url)
    with capture_logs() as logs:
        assert new_writer(store, Spool(tmp_path / "spool")).flush(20)
    assert store.call("call-1") == fold(whole_call()[:-1])
    assert {"spool.found", "spool.line_set_aside"} <= {entry["event"] for entry in logs}


def test_a_fault_of_ours_is_logged_and_the_thread_goes_on(
    new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    store = new_store(f"sqlite:///{tmp_path}/records.sqlite3")
    faults = [RuntimeError("a bug"), RuntimeError("another")]
    real = store.append

    def append(events: Sequence[CallEvent]) -> None:
        if faults:
            raise faults.pop()
        real(events)

    store.append = append  # type: ignore[method-assign]
    with capture_logs() as logs:
        writer = new_writer(store, Spool(tmp_path / "spool"))
        writer.submit(event())
        assert writer.flush(20)
    assert [entry["thread"] for entry in logs if entry["event"] == "records.thread_fault"] == [
        "records-store"
    ] * 2
    assert len(ids(store)) == 1


def test_a_database_away_is_logged_once_and_so_is_its_return(
    tmp_path: Path, new_store: NewStore, new_writer: NewWriter
) -> None:
    blocker = tmp_path / "disk"
    blocker.touch()
    store = new_store(f"sqlite:///{blocker}/records.sqlite3")
    tries: list[None] = []
    real = store.upgrade

    def upgrade() -> None:
        tries.append(None)
        if len(tries) == 5:
            blocker.unlink()
        real()

    store.upgrade = upgrade  # type: ignore[method-assign]
    with capture_logs() as logs:
        writer = new_writer(store, Spool(tmp_path / "spool"))
        writer.submit(event(caller="13800138000"))
        assert writer.flush(20)
    names = [entry["event"] for entry in logs]
    assert (names.count("records.store_away"), names.count("records.store_back")) == (1, 1)
    assert "13800138000" not in str(logs)
    assert writer.health().store_error is None


def test_events_that_come_together_are_written_together(
    gated: GatedStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    gated.gate.set()
    writer = new_writer(gated, Spool(tmp_path / "spool"), gather_s=0.5)
    for number in range(50):
        writer.submit(event("call-1", EventKind.FAULT, number))
    assert writer.flush(20)
    assert len(gated.batches) < 10
    writer.submit(event("call-2"))
    assert writer.close(20)  # closing gathers no more
    assert sum(gated.batches) == 51
