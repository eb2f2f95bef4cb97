# ruff: noqa: INP001 - alembic loads it by its path
"""Calls, their events and the feed's counter."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the first tables. Written out, not taken from `records.tables`, which will move on."""
    _feed_counter()
    _calls()
    _call_events()


def _feed_counter() -> None:
    counter = op.create_table(
        "feed_counter",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counter, [{"id": 1, "last_seq": 0}])


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.String(64), primary_key=True),
        _time("first_at", nullable=False),
        _time("last_at", nullable=False),
        sa.Column("last_kind", sa.String(64), nullable=False),
        sa.Column("last_event_id", sa.String(64), nullable=False),
        sa.Column("caller", sa.String(64)),
        sa.Column("dialled", sa.String(64)),
        sa.Column("display_name", sa.Text),
        sa.Column("sip_call_id", sa.Text),
        _time("started_at"),
        sa.Column("location", sa.JSON),
        _time("located_at"),
        sa.Column("heard", sa.Text, nullable=False),
        sa.Column("hearing", sa.Text, nullable=False),
        sa.Column("route", sa.String(64)),
        sa.Column("category", sa.String(64)),
        sa.Column("label", sa.Text),
        sa.Column("priority", sa.Integer),
        sa.Column("confidence", sa.Float(53)),
        sa.Column("reason", sa.Text),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.Column("lexicon_version", sa.Text),
        sa.Column("decided_text", sa.Text),
        sa.Column("joint_service", sa.Text),
        sa.Column("department", sa.Text),
        _time("decided_at"),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("released_line", sa.Text),
        _time("released_at"),
        sa.Column("queue", sa.Text),
        _time("queued_at"),
        sa.Column("ringing", sa.Text),
        sa.Column("member", sa.Text),
        _time("answered_at"),
        sa.Column("returned_to", sa.Text),
        _time("returned_at"),
        sa.Column("faults", sa.JSON, nullable=False),
        sa.Column("fault_count", sa.Integer, nullable=False),
        _time("ended_at"),
        sa.Column("end_cause", sa.Text),
        sa.Column("duration_s", sa.Float(53)),
    )
    op.create_index("ix_calls_first_at", "calls", ["first_at", "call_id"])
    op.create_index("ix_calls_caller", "calls", ["caller"])


def _call_events() -> None:
    op.create_table(
        "call_events",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.String(64), nullable=False, unique=True),
        sa.Column("call_id", sa.String(64), sa.ForeignKey("calls.call_id"), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        _time("at", nullable=False),
        _time("recorded_at", nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("ix_call_events_call_id", "call_events", ["call_id", "seq"])


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
