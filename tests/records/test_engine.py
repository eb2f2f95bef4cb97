import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg.errors
import pytest
from alembic.util.exc import CommandError
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError, StatementError

from records.engine import parse_url
from records.errors import StoreRefused, StoreUnavailable, StoreUrlInvalid
from records.failures import explained
from records.store import Store
from tests.postgres_server import PostgresServer


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://u@h/d",
        "postgresql+psycopg://host",
        "postgresql+asyncpg://h/d",
        "nonsense",
        "",
        "postgresql://h:port/d",
    ],
)
def test_urls_of_no_use_are_refused_with_what_would_be_right(url: str) -> None:
    with pytest.raises(StoreUrlInvalid, match=r"use sqlite:///.* or postgresql\+psycopg://"):
        Store(url)


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(StoreUrlInvalid) as caught:
        Store("mysql://user:secret@host/database")
    assert "secret" not in str(caught.value)


def test_the_plain_name_of_postgresql_means_psycopg_3() -> None:
    assert parse_url("postgresql://u@h/d").drivername == "postgresql+psycopg"
    assert parse_url("sqlite:////abs/file.sqlite3").database == "/abs/file.sqlite3"


def test_a_store_can_be_made_while_its_database_is_away() -> None:
    store = Store("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    for act in (store.upgrade, store.feed, store.calls):
        with pytest.raises(StoreUnavailable, match="see that the database runs"):
            act()
    store.close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable):
        Store(f"sqlite:///{tmp_path}/file/records.sqlite3").upgrade()


def test_sqlite_waits_keeps_and_checks(tmp_path: Path, new_store: Callable[[str], Store]) -> None:
    store = new_store(f"sqlite:///{tmp_path}/records.sqlite3")
    store.upgrade()
    names = ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
    with store._engine.connect() as connection:
        values = [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names]
    assert values == ["wal", 5000, 1, 2]


@pytest.mark.postgres
def test_postgresql_is_asked_for_its_limits_and_the_url_may_say_otherwise(
    postgres_server: PostgresServer, new_store: Callable[[str], Store]
) -> None:
    url = postgres_server.empty_database()
    names = [
        "idle_in_transaction_session_timeout",
        "lock_timeout",
        "transaction_isolation",
        "application_name",
    ]

    def settings(store: Store) -> list[str]:
        with store._engine.connect() as connection:
            return [str(connection.execute(text(f"SHOW {name}")).scalar_one()) for name in names]

    assert settings(new_store(url)) == ["5s", "10s", "read committed", "minsheng110"]
    other = new_store(f"{url}&application_name=desk&options=-c%20lock_timeout%3D7s")
    assert settings(other) == ["0", "7s", "read committed", "desk"]


def failure(error: Exception) -> Exception:
    with pytest.raises((StoreRefused, StoreUnavailable)) as caught, explained():
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DataError("INSERT", {}, psycopg.errors.UntranslatableCharacter()), StoreRefused),
        (OperationalError("INSERT", {}, psycopg.errors.ProgramLimitExceeded()), StoreRefused),
        (OperationalError("INSERT", {}, psycopg.errors.DiskFull()), StoreUnavailable),
        (OperationalError("INSERT", {}, psycopg.errors.AdminShutdown()), StoreUnavailable),
        (ProgrammingError("INSERT", {}, psycopg.errors.InsufficientPrivilege()), StoreUnavailable),
        (IntegrityError("INSERT", {}, psycopg.errors.NotNullViolation()), StoreUnavailable),
        (OperationalError("INSERT", {}, psycopg.OperationalError("gone")), StoreUnavailable),
        (DataError("INSERT", {}, sqlite3.DataError("string or blob too big")), StoreRefused),
        (OperationalError("INSERT", {}, sqlite3.OperationalError("disk is full")), StoreUnavailable),
        (StatementError("bad", "INSERT", {}, TypeError("no JSON")), StoreRefused),
        (StatementError("bad", "INSERT", {}, None), StoreUnavailable),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), StoreRefused),
        (CommandError("Can't locate revision"), StoreUnavailable),
        (PermissionError(13, "Permission denied"), StoreUnavailable),
    ],
    ids=lambda value: type(getattr(value, "orig", None) or value).__name__,
)
def test_what_is_refused_and_what_is_waited_for(error: Exception, expected: type[Exception]) -> None:
    assert type(failure(error)) is expected


def test_an_explanation_is_one_line_without_the_values() -> None:
    said = psycopg.errors.InvalidTextRepresentation('invalid input\nDETAIL:  Token "13800138000"')
    explanation = str(failure(DataError("INSERT", {"caller": "13800138000"}, said)))
    assert explanation.startswith("invalid input: ")
    assert "13800138000" not in explanation


def test_a_fault_of_ours_is_not_dressed_up() -> None:
    with pytest.raises(AssertionError), explained():
        raise AssertionError


def test_a_new_file_that_another_process_writes_to_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE something (x)")  # in SQLite's first mode: nobody has switched to WAL yet
        done = threading.Timer(0.3, other.execute, ["COMMIT"])
        done.start()
        store = Store(f"sqlite:///{file}")
        store.upgrade()
        done.join()
        store.close()
    with closing(sqlite3.connect(file)) as later:
        assert later.execute("PRAGMA journal_mode").fetchone() == ("wal",)
