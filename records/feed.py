"""The numbers of the feed, and why a reader that asks for "all after N" misses nothing.

Readers resume from the last number that they saw. That is sound only if, once a reader can see number N, no
lower number will ever appear. A PostgreSQL sequence (or SERIAL column) does not give this: it hands out
numbers when rows are *inserted*, but rows become visible when transactions *commit*. Writer A takes 7,
writer B takes 8 and commits first; a reader sees 8 and goes on from there; A commits 7, which that reader
never sees. A transaction that rolls back leaves a hole besides, and nobody can tell the two apart.

So numbers come from a row of their own (`feed_counter`), locked for the whole of the writing transaction:
SELECT ... FOR UPDATE on PostgreSQL, BEGIN IMMEDIATE on SQLite. A writer gets the next number only after the
one before it has committed (its number is visible) or rolled back (its number was never taken). Numbers thus
become visible in their order, without holes, and every snapshot shows the events 1..N for some N.

The price: writers stand in a row, for one commit each. They write in batches (EventWriter: up to 200 events),
so this bounds commits, not events, and readers never wait. A writer that freezes in mid-transaction is ended
by the server after five seconds (`engine.POSTGRES_OPTIONS`) and its numbers are free again.

Readers must not rely on the numbers being dense for ever: retention may one day delete old events.
"""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from records.errors import StoreUnavailable
from records.events import FeedEvent
from records.tables import EventRow, FeedCounter

_ROW = 1


def lock_numbers(session: Session) -> int:
    """Wait for the feed's lock, hold it to the end of the transaction, and return the last number given.

    The greater of the counter and the highest number in use counts, so that a table restored from a copy
    does not give a number twice. Raises StoreUnavailable where the counter's row is gone.
    """
    counted = session.scalar(select(FeedCounter.last_seq).where(FeedCounter.id == _ROW).with_for_update())
    if counted is None:
        raise StoreUnavailable("the table feed_counter has lost its row: insert (1, 0) into it")
    return max(counted, session.scalar(select(func.max(EventRow.seq))) or 0)


def keep_number(session: Session, last: int) -> None:
    """Set the last number given; under the lock of `lock_numbers`."""
    session.execute(update(FeedCounter).where(FeedCounter.id == _ROW).values(last_seq=last))


def read_feed(session: Session, after: int, limit: int) -> list[FeedEvent]:
    """Up to `limit` events with numbers above `after`, in the order of their numbers."""
    query = select(*FEED_COLUMNS).where(EventRow.seq > after).order_by(EventRow.seq).limit(limit)
    return [FeedEvent(*row) for row in session.execute(query)]


FEED_COLUMNS = (
    EventRow.seq,
    EventRow.event_id,
    EventRow.call_id,
    EventRow.kind,
    EventRow.at,
    EventRow.data,
)
"""In the order of FeedEvent's fields."""
