"""Connections to the database: SQLite in one file, or PostgreSQL through psycopg 3."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from records.errors import StoreUrlInvalid
from records.event_lines import to_json

BUSY_TIMEOUT_MS = 5_000
"""How long a SQLite writer waits for another one; a batch takes milliseconds."""
_BUSY_PAUSE_S = 0.02  # between two tries, where SQLite itself does not wait
POSTGRES_OPTIONS = {
    # A node that freezes in the middle of a write holds the feed's lock, and with it all other nodes. The
    # server ends such a transaction; lock_timeout is longer, so that the others then go on without an error.
    "idle_in_transaction_session_timeout": "5000",
    "lock_timeout": "10000",
    "statement_timeout": "15000",
}
"""Milliseconds, set for each connection unless the URL brings `options` of its own."""
POSTGRES_CONNECT = {
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "minsheng110",
}
"""libpq's own names; a dead peer is noticed in about ten seconds. The URL may set each otherwise."""
_WRITES = {"records_writes": True}


def parse_url(text: str) -> URL:
    """The checked URL. Raises StoreUrlInvalid, naming what would be right and no password."""
    right = "use sqlite:///path/to/file.sqlite3 or postgresql+psycopg://user@host/database"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise StoreUrlInvalid(f"not a database URL: {right}") from error
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    if url.drivername == "postgresql+psycopg" and url.database:
        return url
    raise StoreUrlInvalid(f"{url.drivername!r} without a database, or not supported: {right}")


def open_engine(url: URL) -> Engine:
    """An engine for a URL of `parse_url`. Opens no connection yet: the database may be away."""
    common: dict[str, Any] = {
        "json_serializer": to_json,
        "hide_parameters": True,  # errors reach logs, and parameters are what callers said
        "pool_pre_ping": True,
        "pool_timeout": 5,
    }
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url, common)
    options = " ".join(f"-c {name}={value}" for name, value in POSTGRES_OPTIONS.items())
    connect = {"options": options, **POSTGRES_CONNECT}
    connect = {name: value for name, value in connect.items() if name not in url.query}
    # READ COMMITTED, whatever the server's default is: after waiting for the feed's lock, the next statement
    # must see what the writer before has committed.
    return create_engine(url, isolation_level="READ COMMITTED", connect_args=connect, **common)


def writing(engine: Engine) -> Engine:
    """The same engine and pool, whose transactions take SQLite's write lock from their start."""
    return engine.execution_options(**_WRITES)


def create_database_file(url: URL) -> None:
    """SQLite only: the file and its folder, readable by their owner alone. Raises OSError."""
    path = sqlite_path(url)
    if path is None or path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite's -wal and -shm take the file's mode


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite URL; None for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers and the writer not wait for each other.

    Of several processes that first open a new file SQLite turns all but one away at once: its busy timeout does not
    hold for this switch.
    """
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_BUSY_PAUSE_S)
        else:
            return


def _open_sqlite(url: URL, common: dict[str, Any]) -> Engine:
    path = sqlite_path(url)

    def connect() -> sqlite3.Connection:
        # mode=rw: looking into a database that is not there must not make an empty one.
        address = f"{Path(path or '').absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA foreign_keys = ON")
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")  # the spool forgets what was committed
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(url, creator=connect, **common)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver would begin a write only at the first INSERT, after the reads it depends on.
        writes = connection.get_execution_options().get("records_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
