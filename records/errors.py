"""The errors of the records room. Each message says what to do next."""

from typing import ClassVar


class RecordsError(Exception):
    """Any failure of the records room. `retryable`: the same act may succeed later, unchanged."""

    retryable: ClassVar[bool] = False


class EventMalformed(RecordsError, ValueError):
    """An event, or a line that should hold one, is not what an event has to be."""


class StoreUrlInvalid(RecordsError, ValueError):
    """The database URL names no database that this room can write to."""


class StoreUnavailable(RecordsError):
    """The database cannot be used just now: away, locked, full, read-only or without its tables."""

    retryable = True


class StoreRefused(RecordsError):
    """The database is well but refuses the values handed to it; trying them again will not help."""


class CallNotFound(RecordsError, LookupError):
    """No call with that id has left an event."""


class SpoolUnavailable(RecordsError):
    """The spool's folder cannot be written or read just now."""

    retryable = True


class SpoolInUse(SpoolUnavailable):
    """Another living process holds the spool's folder."""


class SpoolFull(SpoolUnavailable):
    """The spool has reached the size that it is allowed."""


class WriterClosed(RecordsError):
    """An event was submitted after `EventWriter.close()`."""
