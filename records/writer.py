"""Carries events from the call to the database, without the call ever waiting and without losing one.

Every event takes one road, on good days and bad: submit → memory → spool (write-ahead) → database. There is
no "spool only when the database fails" road that would be taken once a year and be broken by then.

When is an event safe?

- from kill -9 of this process: when the spool's write(2) has returned. A thread does nothing but that, so it
  is a matter of milliseconds after `submit`, whatever the database does (a frozen one would otherwise hold
  events in memory for many seconds) and however long an fsync takes (another thread does those).
- from a power cut: when the database has committed it, or when the spool has been synced. The spool is
  synced only for what the database has not confirmed within `sync_after_s` (0.1 s): on a good day the commit
  is the only fsync, on a bad day the loss is bounded by 0.1 s plus one fsync.

`submit` only cleans the event and puts it into a dict: it does not write itself, because even a local
write(2) may stall for seconds under a busy disk, and the caller is the loop that carries 20 ms audio frames.

Exactly once: the spool may be drained twice (a kill between the commit and the deletion); the database keeps
each event id once. Order: in a process first in, first out; between processes none, and the records need
none (`projection`).

Trouble: the database away → events wait in the spool, tried again after 0.2 s, doubling to 5 s. The spool
away (disk full) → events wait in memory up to `memory_limit` and go to the database from there, so one of the
two is enough. Both away and memory full → events are refused, each with a critical log line and a count in
`health().lost`. One event that the database refuses → found by halving the batch, set aside in the spool's
folder, and all others go on.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic

import structlog

from records.cleaning import clean
from records.errors import SpoolUnavailable, StoreRefused, StoreUnavailable, WriterClosed
from records.event_lines import event_line
from records.events import CallEvent
from records.spool import Spool, SpoolBatch
from records.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WriterHealth:
    """How the writer is. The errors are None when all is well."""

    store_error: str | None
    spool_error: str | None
    in_memory: int
    """Events that are not in the spool (and, while it is away, not in the database) yet."""
    spooled_bytes: int
    lost: int
    """Events refused because memory was full while disk and database were both away."""


class EventWriter:
    """Takes events from any thread and brings them to `store` by way of `spool`. Starts its threads at once.

    `batch`: events in one transaction at most. `gather_s`: how long a transaction waits for more events (one
    costs 5 ms of processor time, an event in it 0.2 ms); they are safe in the spool meanwhile.
    `memory_limit`: events kept in memory while the disk is away (about 2 kB each). Times in seconds. Builds
    or upgrades the tables itself when the database is first reached.
    """

    def __init__(
        self,
        store: Store,
        spool: Spool,
        *,
        batch: int = 200,
        memory_limit: int = 20_000,
        gather_s: float = 0.05,
        sync_after_s: float = 0.1,
        retry_s: tuple[float, float] = (0.2, 5.0),
    ) -> None:
        self._store = store
        self._spool = spool
        self._batch = batch
        self._memory_limit = memory_limit
        self._gather_s = gather_s
        self._sync_after_s = sync_after_s
        self._retry_s = retry_s
        self._changed = threading.Condition()  # guards the fields below; never held during I/O
        self._waiting: dict[str, CallEvent] = {}
        self._store_error: str | None = None
        self._spool_error: str | None = None
        self._lost = 0
        self._storing = True  # until the store thread has found nothing left
        self._ready = False  # the tables are known to be of this version; the store thread's own
        self._work = threading.Event()
        self._work.set()  # there may be a spool from the process before
        self._unsynced = threading.Event()
        self._closing = threading.Event()
        self._all_spooled = threading.Event()
        self._abandon = threading.Event()
        self._threads = [
            self._thread("records-spool", self._spool_step),
            self._thread("records-store", self._store_step),
            self._thread("records-sync", self._sync_step),
        ]

    def submit(self, event: CallEvent) -> None:
        """Take an event; returns at once. Raises WriterClosed after `close`.

        The event is copied, so its data may be changed afterwards.
        """
        cleaned = clean(event)
        with self._changed:
            if self._closing.is_set():
                raise WriterClosed(f"{event.kind} came after close(): close the writer last")
            full = len(self._waiting) >= self._memory_limit
            if full:
                self._lost += 1
            else:
                # the first one told stays, as in the database: what AMI knows must not replace what we saw
                self._waiting.setdefault(cleaned.event_id, cleaned)
            self._changed.notify_all()
        if full:
            log.critical(
                "records.event_lost", call_id=cleaned.call_id, kind=cleaned.kind.value, next="free disk"
            )

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was submitted is in the database; False if it is not within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(self._all_stored, timeout_s)

    def health(self) -> WriterHealth:
        """How the writer is just now."""
        spooled = self._spool.backlog_bytes
        with self._changed:
            return WriterHealth(self._store_error, self._spool_error, len(self._waiting), spooled, self._lost)

    def close(self, timeout_s: float) -> bool:
        """Take no more events and write what there is, for at most `timeout_s`; close the spool.

        True when everything is in the database. Otherwise it is in the spool, synced, for the next process
        (or, with the disk away as well, lost, which is logged). The store is not closed.
        """
        deadline = monotonic() + timeout_s
        with self._changed:
            if self._abandon.is_set():
                return self._all_stored()  # closed before
            self._closing.set()
            self._changed.notify_all()
        self._work.set()
        self._unsynced.set()
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        self._abandon.set()
        with self._changed:
            stored, left = self._all_stored(), len(self._waiting)
        if not stored:
            self._sync()
            log.warning("records.closed_with_backlog", in_spool=self._spool.backlog_bytes, lost=left)
        self._spool.close()
        return stored

    def _all_stored(self) -> bool:
        return not self._waiting and not self._storing and not self._work.is_set()

    def _thread(self, name: str, step: Callable[[], bool]) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(step,), name=name, daemon=True)
        thread.start()
        return thread

    def _run(self, step: Callable[[], bool]) -> None:
        """Repeat `step` while it says so. A fault of ours must not end the thread: events would pile up."""
        while not self._abandon.is_set():
            try:
                if not step():
                    return
            except Exception:
                log.exception("records.thread_fault", thread=threading.current_thread().name)
                self._work.set()
                self._abandon.wait(self._retry_s[0])

    # The spool thread: memory → spool.

    def _spool_step(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing.is_set())
            events = tuple(islice(self._waiting.values(), self._batch))
        if not events:  # closing, and nothing waits
            self._all_spooled.set()
            self._work.set()
            return False
        try:
            self._spool.append(events)
        except SpoolUnavailable as error:
            self._note_spool(str(error))
            self._work.set()  # the store thread takes them from memory
            self._abandon.wait(self._retry_s[0])
            return True
        self._note_spool(None)
        self._work.set()
        self._unsynced.set()
        self._forget(events)
        return True

    def _forget(self, events: Sequence[CallEvent]) -> None:
        with self._changed:
            for event in events:
                self._waiting.pop(event.event_id, None)
            self._changed.notify_all()

    # The store thread: spool (or memory, while the spool is away) → database.

    def _store_step(self) -> bool:
        self._work.wait()
        with self._changed:
            self._storing = True
        self._closing.wait(self._gather_s)  # events come in flocks: one transaction for the flock
        last = self._all_spooled.is_set()
        self._work.clear()
        emptied = self._drain()
        with self._changed:
            self._storing = not emptied
            in_memory = bool(self._waiting)
            self._changed.notify_all()
        if emptied:
            return not last
        if in_memory:  # closing, and neither disk nor database takes them: try until close() gives up
            self._abandon.wait(self._retry_s[0])
            self._work.set()
        return in_memory

    def _drain(self) -> bool:
        """Store until nothing is left (True) or, while closing, until the database is away (False)."""
        pause = self._retry_s[0]
        while not self._abandon.is_set():
            try:
                if not self._store_some():
                    return True
                pause = self._retry_s[0]
                continue
            except StoreUnavailable as error:
                self._ready = False
                self._note_store(str(error))
            except SpoolUnavailable as error:
                self._note_spool(str(error))
            if self._closing.is_set():
                return False
            self._closing.wait(pause)
            pause = min(pause * 2, self._retry_s[1])
        return False

    def _store_some(self) -> bool:
        """Store one batch; False when there is none."""
        batch = self._read_spool()
        events = batch.events if batch is not None else self._of_memory()
        if not events and batch is None:
            return False
        if events:
            if not self._ready:
                self._store.upgrade()
                self._ready = True
            for event, why in self._refused(events):
                self._spool.set_aside(f"refused by the database: {why}", event_line(event).decode())
                log.critical("records.event_refused", call_id=event.call_id, kind=event.kind.value, why=why)
        self._note_store(None)
        if batch is not None:
            self._spool.done(batch)
        else:
            self._forget(events)
        return True

    def _read_spool(self) -> SpoolBatch | None:
        try:
            return self._spool.read(self._batch) or None
        except SpoolUnavailable as error:
            self._note_spool(str(error))
            return None

    def _of_memory(self) -> tuple[CallEvent, ...]:
        with self._changed:
            return tuple(islice(self._waiting.values(), self._batch)) if self._spool_error else ()

    def _refused(self, events: Sequence[CallEvent]) -> list[tuple[CallEvent, str]]:
        """Store the events; those that the database refuses are found by halving and returned, with why."""
        try:
            self._store.append(events)
        except StoreRefused as error:
            if len(events) == 1:
                return [(events[0], str(error))]
            middle = len(events) // 2
            return self._refused(events[:middle]) + self._refused(events[middle:])
        return []

    # The sync thread: what the database does not confirm in time goes to the disk itself.

    def _sync_step(self) -> bool:
        self._unsynced.wait()
        closing = self._closing.wait(self._sync_after_s)
        self._unsynced.clear()
        self._sync()
        return not closing

    def _sync(self) -> None:
        try:
            self._spool.sync()
        except SpoolUnavailable as error:
            self._note_spool(str(error))

    def _note_store(self, error: str | None) -> None:
        with self._changed:
            before, self._store_error = self._store_error, error
            self._changed.notify_all()
        if error and not before:
            log.error("records.store_away", error=error, next="events wait in the spool")
        elif before and not error:
            log.warning("records.store_back", backlog_bytes=self._spool.backlog_bytes)

    def _note_spool(self, error: str | None) -> None:
        with self._changed:
            before, self._spool_error = self._spool_error, error
            self._changed.notify_all()
        if error and not before:
            log.critical("records.spool_away", error=error, next="events wait in memory")
        elif before and not error:
            log.warning("records.spool_back")
