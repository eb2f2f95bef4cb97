import dataclasses
import multiprocessing
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from records.call_record import CallRecord
from records.errors import StoreUnavailable
from records.schema import alembic_config
from records.store import Store
from records.tables import Base, CallRow
from tests.postgres_server import PostgresServer
from tests.records.call_events import event


def test_the_columns_of_a_call_are_the_fields_of_its_record() -> None:
    fields = [field.name for field in dataclasses.fields(CallRecord)]
    assert [column.name for column in CallRow.__table__.columns] == fields


def test_the_migrations_build_exactly_these_tables(store: Store) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_revisions_are_one_line(store: Store) -> None:
    with store._engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
        assert len(script.get_heads()) == 1
        assert MigrationContext.configure(connection).get_current_revision() == script.get_current_head()


def test_upgrading_again_keeps_what_is_there(store: Store) -> None:
    store.append([event()])
    store.upgrade()
    assert len(store.feed()) == 1


def test_without_tables_the_error_says_how_to_make_them(url: str, new_store: Callable[[str], Store]) -> None:
    store = new_store(url)
    for act in (lambda: store.append([event()]), store.feed, lambda: store.call("c")):
        with pytest.raises(StoreUnavailable, match="python -m records upgrade"):
            act()


def test_looking_does_not_make_a_database(tmp_path: Path, new_store: Callable[[str], Store]) -> None:
    with pytest.raises(StoreUnavailable):
        new_store(f"sqlite:///{tmp_path}/none.sqlite3").feed()
    assert list(tmp_path.iterdir()) == []


def test_a_newer_database_is_left_alone(store: Store) -> None:
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="newer version of this program"):
        store.upgrade()


def test_a_failed_upgrade_leaves_nothing_behind(url: str, new_store: Callable[[str], Store]) -> None:
    store = new_store(url)
    blocker = new_store(url)
    with pytest.raises(StoreUnavailable):
        blocker.feed()
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    with blocker._engine.begin() as connection:
        connection.execute(text("CREATE TABLE call_events (oops INTEGER)"))  # the last one that is built
    with pytest.raises(StoreUnavailable, match="call_events"):
        store.upgrade()
    with blocker._engine.begin() as connection:
        connection.execute(text("DROP TABLE call_events"))
    store.upgrade()
    store.append([event()])
    assert len(store.feed()) == 1


def upgrade_at_once(url: str, gate: "multiprocessing.synchronize.Barrier") -> None:
    store = Store(url)
    gate.wait(30)
    store.upgrade()
    store.append([event(event_id="same")])
    store.close()


def test_processes_that_start_at_once_all_upgrade(url: str, new_store: Callable[[str], Store]) -> None:
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(3)
    processes = [spawn.Process(target=upgrade_at_once, args=(url, gate)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert [found.seq for found in new_store(url).feed()] == [1]


def test_a_sqlite_file_is_for_its_owner_alone(tmp_path: Path, new_store: Callable[[str], Store]) -> None:
    store = new_store(f"sqlite:///{tmp_path}/data/records.sqlite3")
    store.upgrade()
    store.append([event()])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert set(modes) >= {"records.sqlite3", "records.sqlite3-wal"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.postgres
def test_a_database_that_cannot_hold_chinese_is_refused(
    postgres_server: PostgresServer, new_store: Callable[[str], Store]
) -> None:
    store = new_store(postgres_server.create_database(encoding="LATIN1"))
    with pytest.raises(StoreUnavailable, match="ENCODING 'UTF8'"):
        store.upgrade()
