"""The database: events are appended, the calls' records are kept in step, both are read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from records.call_record import CallRecord
from records.cleaning import clean
from records.decisions import PastDecision, read_decisions
from records.engine import create_database_file, open_engine, parse_url, writing
from records.errors import CallNotFound
from records.events import CallEvent, FeedEvent
from records.failures import explained
from records.feed import FEED_COLUMNS, keep_number, lock_numbers, read_feed
from records.projection import fold, follows
from records.schema import upgrade_tables
from records.tables import CallRow, EventRow

_FIELDS = tuple(field.name for field in fields(CallRecord))
_TUPLES = ("evidence", "flags", "faults")
_CHUNK = 500
"""Keys in one IN (...): far below what either database takes."""


class Store:
    """One database of records. Thread-safe. Connects when first used, so it can be made while it is away.

    `url`: sqlite:///FILE or postgresql+psycopg://... . Raises StoreUrlInvalid. Every method may raise
    StoreUnavailable (try again later) and `append` also StoreRefused (do not).
    """

    def __init__(self, url: str) -> None:
        self._url = parse_url(url)
        self._engine = open_engine(self._url)
        self._writing = writing(self._engine)

    def upgrade(self) -> None:
        """Make the database file (SQLite) and bring the tables to this version; nothing if they are."""
        with explained():
            create_database_file(self._url)
            upgrade_tables(self._engine)

    def append(self, events: Sequence[CallEvent]) -> None:
        """Write the events and bring their calls' records up to date, all in one transaction.

        An event whose id was written before, by anyone, is passed over: writing twice is writing once.
        Events are cleaned (`cleaning.clean`), may come in any order and belong to calls never heard of.
        """
        with explained():
            given = {event.event_id: event for event in map(clean, events)}
            if not given:
                return
            with Session(self._writing) as session, session.begin():
                last = lock_numbers(session)
                known = _known_ids(session, list(given))
                fresh = [event for event_id, event in given.items() if event_id not in known]
                if fresh:
                    _bring_up_to_date(session, fresh)
                    session.execute(insert(EventRow.__table__), _rows(fresh, last + 1))  # type: ignore[arg-type]
                    keep_number(session, last + len(fresh))

    def feed(self, after: int = 0, limit: int = 500) -> list[FeedEvent]:
        """Up to `limit` events numbered above `after`, in order; no lower number will ever appear later."""
        with self._reading() as session:
            return read_feed(session, after, limit)

    def last_number(self) -> int:
        """The number of the latest event, 0 where there is none: `feed(after=...)` from it gives what comes next."""
        with self._reading() as session:
            return session.scalar(select(func.max(EventRow.seq))) or 0

    def call(self, call_id: str) -> CallRecord | None:
        """The record of one call; None when nothing is known of it."""
        with self._reading() as session:
            row = session.get(CallRow, call_id)
            return None if row is None else _record(row)

    def calls(self, limit: int = 50, before: str | None = None) -> list[CallRecord]:
        """Up to `limit` calls, the latest first; with `before`, those that come after that call in the list.

        `before` is the call_id of the last call of the page before. Raises CallNotFound for an unknown one.
        """
        query = select(CallRow).order_by(CallRow.first_at.desc(), CallRow.call_id.desc()).limit(limit)
        with self._reading() as session:
            if before is not None:
                place = session.get(CallRow, before)
                if place is None:
                    raise CallNotFound(f"no call {before!r}: begin again with the first page")
                query = query.where(
                    tuple_(CallRow.first_at, CallRow.call_id) < tuple_(place.first_at, place.call_id)
                )
            return [_record(row) for row in session.scalars(query)]

    def decisions(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        limit: int = 500,
    ) -> list[PastDecision]:
        """Up to `limit` decisions taken in [since, until) and numbered above `after`, by number."""
        with self._reading() as session:
            return read_decisions(session, since, until, after, limit)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with explained(), Session(self._engine) as session:
            yield session


def _known_ids(session: Session, ids: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        known.update(session.scalars(select(EventRow.event_id).where(EventRow.event_id.in_(chunk))))
    return known


def _rows(events: Sequence[CallEvent], first: int) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "seq": seq,
            "event_id": event.event_id,
            "call_id": event.call_id,
            "kind": event.kind.value,
            "at": event.at,
            "recorded_at": now,
            "data": event.data,
        }
        for seq, event in enumerate(events, first)
    ]


def _bring_up_to_date(session: Session, fresh: Sequence[CallEvent]) -> None:
    """Write the calls' rows for `fresh`, which are not in the feed yet. Under the feed's lock."""
    by_call: dict[str, list[CallEvent]] = {}
    for event in fresh:
        by_call.setdefault(event.call_id, []).append(event)
    before = _records(session, list(by_call))
    after = {call_id: _folded(session, before.get(call_id), events) for call_id, events in by_call.items()}
    table = CallRow.__table__
    new = [_columns(record) for call_id, record in after.items() if call_id not in before]
    if new:
        session.execute(insert(table), new)  # type: ignore[arg-type]
    for call_id in before:
        changes = _changes(before[call_id], after[call_id])
        if not changes:  # a late event that later ones outdo
            continue
        session.execute(update(table).where(CallRow.call_id == call_id).values(**changes))  # type: ignore[arg-type]


def _folded(session: Session, record: CallRecord | None, fresh: Sequence[CallEvent]) -> CallRecord:
    """The call's record with `fresh` taken in: applied where they come last, else folded anew."""
    if record is None or follows(record, fresh):
        return fold(fresh, record)
    query = select(*FEED_COLUMNS).where(EventRow.call_id == record.call_id)
    written = [FeedEvent(*row) for row in session.execute(query)]
    return fold([*written, *fresh])


def _records(session: Session, call_ids: Sequence[str]) -> dict[str, CallRecord]:
    records: dict[str, CallRecord] = {}
    for start in range(0, len(call_ids), _CHUNK):
        chunk = call_ids[start : start + _CHUNK]
        for row in session.scalars(select(CallRow).where(CallRow.call_id.in_(chunk))):
            records[row.call_id] = _record(row)
    session.expunge_all()
    return records


def _record(row: CallRow) -> CallRecord:
    values: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
    values.update({name: tuple(values[name]) for name in _TUPLES})
    return CallRecord(**values)


def _columns(record: CallRecord) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(record, name) for name in _FIELDS}
    values.update({name: list(values[name]) for name in _TUPLES})
    return values


def _changes(before: CallRecord, after: CallRecord) -> Mapping[str, Any]:
    old, new = _columns(before), _columns(after)
    return {name: value for name, value in new.items() if value != old[name]}
