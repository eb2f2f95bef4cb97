"""Brings a database to the tables of this version: alembic, run from the program."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from records.engine import writing
from records.errors import StoreUnavailable

MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK_KEY = 110_2025_0001
"""PostgreSQL's advisory lock of upgrades: any number that nothing else in the database uses."""
_ALEMBIC = threading.Lock()
"""alembic's `op` and `context` are one per process, so two threads must not upgrade at the same time."""


def upgrade_tables(engine: Engine) -> None:
    """Bring the tables to the newest revision, in one transaction; nothing happens if they are.

    Safe when processes start at the same time: the transaction begins with a lock (SQLite: BEGIN IMMEDIATE;
    PostgreSQL: an advisory lock held to its end), so the second one waits and then finds nothing to do.
    Raises what SQLAlchemy and alembic raise, and StoreUnavailable for a database whose text is not UTF-8.
    """
    with _ALEMBIC, writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            _check_encoding(connection)
        command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration around an open connection: there is no alembic.ini to keep in step."""
    config = Config()
    # alembic reads options through configparser, which takes % for itself.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _check_encoding(connection: Connection) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise StoreUnavailable(
            f"the database's encoding is {encoding}, which cannot hold what callers say: "
            "create it anew with ENCODING 'UTF8' TEMPLATE template0"
        )
