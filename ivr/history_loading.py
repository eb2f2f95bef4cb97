"""Reads the calls of the last hours from the database into the callers' history, while calls are answered already."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import structlog

from records.call_record import CallRecord
from records.errors import RecordsError
from records.store import Store
from transfer.caller_history import MAX_NUMBERS, CallerHistory

log = structlog.get_logger(__name__)

_PAGE = 200
_AGAIN_AFTER_S = 30.0


class HistoryLoading(threading.Thread):
    """A thread that reads once, however late the database comes: it is tried again until it answers.

    A daemon: a database that hangs must not keep the node from ending.
    """

    def __init__(
        self, store: Store, history: CallerHistory, *, again_after_s: float = _AGAIN_AFTER_S
    ) -> None:
        super().__init__(name="history-loading", daemon=True)
        self._store = store
        self._history = history
        self._again_after_s = again_after_s
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Read no further; returns at once."""
        self._stopped.set()

    def run(self) -> None:
        """Read, or wait for the database and read then. What has been taken in twice counts once."""
        while not self._stopped.is_set():
            try:
                log.info("history.loaded", calls=self._read())
            except RecordsError as away:
                # The writer tells of a database that is away; a new one has no tables yet and no history either.
                log.info("history.waits", reason=str(away))
                self._stopped.wait(self._again_after_s)
            else:
                return

    def _read(self) -> int:
        read = 0
        for record in islice(recent(self._store, self._history.since), MAX_NUMBERS):
            if self._stopped.is_set():
                break
            self._history.load(record)
            read += 1
        return read


def recent(store: Store, since: datetime) -> Iterator[CallRecord]:
    """The calls that began after `since`, the latest first. Raises StoreUnavailable, CallNotFound."""
    before: str | None = None
    while page := store.calls(_PAGE, before):
        for record in page:
            if record.first_at < since:
                return
            yield record
        before = page[-1].call_id
