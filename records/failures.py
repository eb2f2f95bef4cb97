"""Tells a database that is not well (it is waited for) from a value that it refuses (it is set aside)."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from records.errors import StoreRefused, StoreUnavailable

_REFUSED_CLASSES = ("22", "54")
"""SQLSTATE classes (PostgreSQL, appendix A): data exception; program limit exceeded (a value too large).
Not class 23: keys are checked under the feed's lock, so a violation means that the *tables* are not ours."""
_VALUE_ERRORS = (ValueError, TypeError, OverflowError, RecursionError)
"""What drivers raise for a value that they cannot put into words (UnicodeEncodeError is a ValueError)."""


@contextmanager
def explained() -> Iterator[None]:
    """Raises StoreUnavailable or StoreRefused for what SQLAlchemy, the drivers and alembic raise.

    In doubt the database is held to be unavailable: then events wait in the spool, and none is set aside
    because of a missing table or a lost right.
    """
    try:
        yield
    except (SQLAlchemyError, CommandError, OSError) as error:
        refused = _refuses_value(error)
        raise (StoreRefused if refused else StoreUnavailable)(_sentence(error)) from error
    except _VALUE_ERRORS as error:
        raise StoreRefused(f"a value cannot be written: {type(error).__name__}") from error


def _refuses_value(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return False
        state = getattr(error.orig, "sqlstate", None)
        if state:
            return str(state).startswith(_REFUSED_CLASSES)
        return isinstance(error.orig, sqlite3.DataError)
    return isinstance(error, StatementError) and isinstance(error.orig, _VALUE_ERRORS)


def _sentence(error: Exception) -> str:
    """One line without the values: the first line of what the driver said, and what to do."""
    cause = error.orig if isinstance(error, StatementError) and error.orig is not None else error
    said = (str(cause).splitlines() or [""])[0][:200]
    text = said or type(cause).__name__
    if "no such table" in text or 'relation "' in text:
        return f"{text}: build the tables with `python -m records upgrade`"
    if "unable to open database file" in text:
        return f"{text}: check the path and its rights; a new one is made by `python -m records upgrade`"
    if isinstance(error, CommandError):
        return f"{text}: the tables are of a newer version of this program; update the program"
    return f"{text}: see that the database runs and lets this program in"
