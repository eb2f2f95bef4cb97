"""Law 5 with real parts: processes killed by SIGKILL, a real PostgreSQL stopped, frozen and started again."""

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from structlog.testing import capture_logs

from records.errors import StoreUnavailable
from records.events import EventKind
from records.projection import fold
from records.spool import Spool
from records.store import Store
from records.writer import EventWriter
from tests.postgres_server import PostgresServer
from tests.records.call_events import event, whole_call

NewStore = Callable[[str], Store]
NewWriter = Callable[..., EventWriter]
SHORTLY_S = 0.5
"""How long before the kill an event must have been submitted to be safe. Milliseconds are usual; a machine
that is busy with other tests may keep a thread from running for longer."""


def kill_a_node(url: str, folder: Path, events: int) -> tuple[list[int], list[int]]:
    """Let a node submit `events` events and kill it; the numbers it submitted, and those of them in good time."""
    command = [sys.executable, "-m", "tests.records.dying_node", url, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as node:
        assert node.stdout is not None
        lines = [node.stdout.readline() for _ in range(events)]
        killed = monotonic()
        node.send_signal(signal.SIGKILL)
        lines += node.stdout.readlines()
        assert node.wait(20) == -signal.SIGKILL
    # The last line may be torn by the kill as well.
    said = [line.split() for line in lines if line.endswith("\n")]
    submitted = [int(number) for number, _ in said]
    return submitted, [int(number) for number, at in said if float(at) < killed - SHORTLY_S]


def numbers_kept(store: Store) -> list[int]:
    """The numbers of the node's events in the order of the feed, which has no holes."""
    feed = store.feed(limit=100_000)
    assert [found.seq for found in feed] == list(range(1, len(feed) + 1))
    return [int(found.event_id.removeprefix("id-")) for found in feed]


def check_all_is_there_once(store: Store, submitted: list[int], safe: list[int]) -> None:
    kept = numbers_kept(store)
    assert len(safe) > 100
    assert kept == list(range(len(kept)))  # once each, in order, without a hole
    assert len(safe) <= len(kept) <= len(submitted) + 1
    assert sum(record.fault_count for record in store.calls()) == len(kept)


def test_a_killed_nodes_events_are_there_once(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    submitted, safe = kill_a_node(url, tmp_path / "spool", 600)
    store = new_store(url)
    assert new_writer(store, Spool(tmp_path / "spool")).flush(30)
    check_all_is_there_once(store, submitted, safe)


def test_a_node_killed_while_the_database_is_away(
    new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    blocker = tmp_path / "disk"
    blocker.touch()
    url = f"sqlite:///{blocker}/records.sqlite3"
    submitted, safe = kill_a_node(url, tmp_path / "spool", 600)
    blocker.unlink()
    store = new_store(url)
    assert new_writer(store, Spool(tmp_path / "spool")).flush(30)
    check_all_is_there_once(store, submitted, safe)


def test_a_node_killed_again_and_again(
    url: str, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    """Each start drains what the one before left; ids repeat, so each event is written by many."""
    safe = [kill_a_node(url, tmp_path / "spool", count)[1] for count in (150, 400)]
    store = new_store(url)
    assert new_writer(store, Spool(tmp_path / "spool")).flush(30)
    kept = numbers_kept(store)
    assert sorted(kept) == list(range(len(kept)))
    assert len(kept) >= max(map(len, safe))


@pytest.mark.postgres
def test_a_node_killed_while_postgresql_is_frozen(
    own_postgres: PostgresServer, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    url = own_postgres.empty_database()
    new_store(url).upgrade()
    own_postgres.pause()
    submitted, safe = kill_a_node(url, tmp_path / "spool", 600)
    own_postgres.resume()
    store = new_store(url)
    assert new_writer(store, Spool(tmp_path / "spool")).flush(30)
    check_all_is_there_once(store, submitted, safe)


@pytest.mark.postgres
def test_postgresql_away_at_the_start(
    own_postgres: PostgresServer, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    url = own_postgres.empty_database()
    own_postgres.stop()
    store = new_store(url)
    with capture_logs() as logs:
        writer = new_writer(store, Spool(tmp_path / "spool"))
        for made in whole_call():
            writer.submit(made)
        assert not writer.flush(0.5)
        assert writer.health().spooled_bytes > 0
        own_postgres.start()
        assert writer.flush(30)
    assert store.call("call-1") == fold(whole_call())
    assert writer.health().store_error is None
    names = [entry["event"] for entry in logs]
    assert (names.count("records.store_away"), names.count("records.store_back")) == (1, 1)


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_postgresql_away_in_the_middle(
    own_postgres: PostgresServer, new_store: NewStore, new_writer: NewWriter, tmp_path: Path, how: str
) -> None:
    store = new_store(own_postgres.empty_database())
    writer = new_writer(store, Spool(tmp_path / "spool"))
    begun, done = threading.Event(), threading.Event()

    def calls() -> None:
        for number in range(1_500):
            writer.submit(event(f"call-{number % 7}", EventKind.FAULT, number, f"id-{number}"))
            if number == 500:
                begun.set()
                done.wait(60)

    caller = threading.Thread(target=calls)
    caller.start()
    assert begun.wait(20)
    getattr(own_postgres, how)()  # while what was submitted is being written
    done.set()
    caller.join(20)
    assert not writer.flush(0.3)
    with pytest.raises(StoreUnavailable):
        store.feed()
    own_postgres.start()
    assert writer.flush(30)
    assert numbers_kept(store) == list(range(1_500))
    assert sum(record.fault_count for record in store.calls()) == 1_500


@pytest.mark.postgres
def test_postgresql_frozen_in_the_middle(
    own_postgres: PostgresServer, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    store = new_store(own_postgres.empty_database())
    writer = new_writer(store, Spool(tmp_path / "spool"))
    writer.submit(event(event_id="id-0"))
    assert writer.flush(20)
    own_postgres.pause()
    try:
        before = monotonic()
        for number in range(1, 500):
            writer.submit(event(event_id=f"id-{number}"))
        submitted_in = monotonic() - before
        assert not writer.flush(0.3)
        assert writer.health().lost == 0
    finally:
        own_postgres.resume()
    assert submitted_in < 15  # not the speed: that nothing waited for the database's time limits
    assert writer.flush(30)
    assert numbers_kept(store) == list(range(500))


@pytest.mark.postgres
def test_two_nodes_and_a_restart_of_postgresql(
    own_postgres: PostgresServer, new_store: NewStore, new_writer: NewWriter, tmp_path: Path
) -> None:
    url = own_postgres.empty_database()
    writers = [new_writer(new_store(url), Spool(tmp_path / f"spool-{n}")) for n in range(2)]
    for number in range(600):
        for name, writer in enumerate(writers):
            # Both report the same call, as two nodes do when it is handed over; some events of it twice.
            writer.submit(
                event(
                    "shared", EventKind.FAULT, number, f"id-{number if number % 3 else number + name * 1000}"
                )
            )
        if number == 300:
            own_postgres.stop()
        if number == 500:
            own_postgres.start()
    assert all(writer.flush(30) for writer in writers)
    store = new_store(url)
    record = store.call("shared")
    assert record is not None
    assert record.fault_count == len(numbers_kept(store)) == 600 + 200


@pytest.mark.postgres
def test_the_servers_of_the_tests_leave_nothing_behind(own_postgres: PostgresServer) -> None:
    assert own_postgres._process is not None
    pid, folder = own_postgres._process.pid, own_postgres._folder
    with pytest.raises(RuntimeError, match="already started"):
        own_postgres.start()
    own_postgres.pause()
    own_postgres.stop()  # a frozen server too
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(RuntimeError, match="not started"):
        own_postgres.pause()
    own_postgres.start()
    assert folder.exists()


@pytest.mark.postgres
def test_a_server_of_the_tests_ends_with_them(tmp_path: Path) -> None:
    """Also when they are killed: otherwise servers would pile up on a developer's machine."""
    script = """
import sys
from pathlib import Path
from tests.postgres_server import private_postgres
from tests.records.conftest import postgres_cache
with private_postgres(postgres_cache()) as server:
    print(server._process.pid, server._folder, flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        pid, folder = tests.stdout.readline().split()
        server = os.pidfd_open(int(pid))
        tests.kill()
    ended, _, _ = select.select([server], [], [], 20)  # a pidfd is readable when its process has ended
    os.close(server)
    shutil.rmtree(folder)
    assert ended
