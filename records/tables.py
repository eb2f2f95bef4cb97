"""The tables. `migrations/` builds them; a test holds the two against each other.

A later issue adds the table of looks at a record (audit): it will refer to `calls.call_id`, as cases will.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy import TypeDecorator as ColumnType
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(ColumnType[datetime]):
    """An aware time. PostgreSQL keeps the zone; SQLite has none, there it is UTC by agreement."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC, without its zone where the database knows none."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, in UTC, whatever zone the server's session speaks."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The root of the tables' declarations."""

    type_annotation_map = {datetime: UtcDateTime, str: Text, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute


class FeedCounter(Base):
    """One row: the number of the last event. Its lock is what puts the writers in a row (`feed`)."""

    __tablename__ = "feed_counter"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last_seq: Mapped[int] = mapped_column(BigInteger)


class CallRow(Base):
    """One call: the columns are the fields of `CallRecord`, explained there."""

    __tablename__ = "calls"
    __table_args__ = (Index("ix_calls_first_at", "first_at", "call_id"), Index("ix_calls_caller", "caller"))

    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    last_kind: Mapped[str] = mapped_column(String(64))
    last_event_id: Mapped[str] = mapped_column(String(64))
    caller: Mapped[str | None] = mapped_column(String(64))
    dialled: Mapped[str | None] = mapped_column(String(64))
    display_name: Mapped[str | None]
    sip_call_id: Mapped[str | None]
    started_at: Mapped[datetime | None]
    location: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    located_at: Mapped[datetime | None]
    heard: Mapped[str]
    hearing: Mapped[str]
    route: Mapped[str | None] = mapped_column(String(64))
    category: Mapped[str | None] = mapped_column(String(64))
    label: Mapped[str | None]
    priority: Mapped[int | None] = mapped_column(Integer)
    confidence: Mapped[float | None] = mapped_column(Float(53))
    reason: Mapped[str | None]
    evidence: Mapped[list[Any]]
    flags: Mapped[list[Any]]
    lexicon_version: Mapped[str | None]
    decided_text: Mapped[str | None]
    joint_service: Mapped[str | None]
    department: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decisions: Mapped[int] = mapped_column(Integer)
    released_line: Mapped[str | None]
    released_at: Mapped[datetime | None]
    queue: Mapped[str | None]
    queued_at: Mapped[datetime | None]
    ringing: Mapped[str | None]
    member: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    returned_to: Mapped[str | None]
    returned_at: Mapped[datetime | None]
    faults: Mapped[list[Any]]
    fault_count: Mapped[int] = mapped_column(Integer)
    ended_at: Mapped[datetime | None]
    end_cause: Mapped[str | None]
    duration_s: Mapped[float | None] = mapped_column(Float(53))


class EventRow(Base):
    """One event of the feed, as it was submitted; never changed. `seq` comes from FeedCounter.

    The data is JSON as text on both databases: PostgreSQL's jsonb would rewrite numbers (1e308 becomes 309
    digits), and an event is kept as it was said.
    """

    __tablename__ = "call_events"
    __table_args__ = (Index("ix_call_events_call_id", "call_id", "seq"),)

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[str] = mapped_column(String(64), unique=True)
    call_id: Mapped[str] = mapped_column(String(64), ForeignKey("calls.call_id"))
    kind: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    """When it was written to the database: later than `at` by what it waited in the spool."""
    data: Mapped[dict[str, Any]]
