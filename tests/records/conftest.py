"""Databases for the tests of the records room: SQLite and a real PostgreSQL run the same tests."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from records.spool import Spool
from records.store import Store
from records.writer import EventWriter
from tests.postgres_server import PostgresServer, private_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One running server for all tests that leave it running."""
    with private_postgres(postgres_cache()) as server:
        yield server


@pytest.fixture(scope="session")
def restless_postgres() -> Iterator[PostgresServer]:
    """The server behind `own_postgres`, made once."""
    with private_postgres(postgres_cache()) as server:
        yield server


@pytest.fixture
def own_postgres(restless_postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A running server that the test may stop, start and freeze."""
    if not restless_postgres.running:
        restless_postgres.start()
    yield restless_postgres
    if restless_postgres.running:
        restless_postgres.resume()


def postgres_cache() -> Path:
    """Where server programs are fetched to on a machine that has none; kept from run to run."""
    return Path(tempfile.gettempdir()) / f"minsheng110-tests-{os.getuid()}" / "postgresql"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records.sqlite3"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.empty_database()


@pytest.fixture
def new_store() -> Iterator[Callable[[str], Store]]:
    """Makes stores and closes them after the test."""
    made: list[Store] = []

    def make(url: str) -> Store:
        made.append(Store(url))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(url: str, new_store: Callable[[str], Store]) -> Store:
    """A store with its tables."""
    made = new_store(url)
    made.upgrade()
    return made


@pytest.fixture
def new_writer() -> Iterator[Callable[..., EventWriter]]:
    """Makes writers that retry fast, and closes them after the test."""
    made: list[EventWriter] = []

    def make(store: Store, spool: Spool, **options: object) -> EventWriter:
        settings = {"retry_s": (0.02, 0.1), "gather_s": 0.0, "sync_after_s": 0.01, **options}
        made.append(EventWriter(store, spool, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for writer in made:
        writer.close(5)
