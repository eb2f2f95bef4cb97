from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.when import when

NOON = datetime(2026, 11, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [("7d", timedelta(days=7)), ("12h", timedelta(hours=12)), (" 30m ", timedelta(minutes=30))],
)
def test_how_long_ago(text: str, ago: timedelta) -> None:
    assert when(text, NOON) == NOON - ago


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-01T08:30+08:00", datetime(2026, 11, 1, 0, 30, tzinfo=UTC)),
        ("2026-11-01T08:30:00Z", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_time_with_a_zone(text: str, time: datetime) -> None:
    assert when(text) == time


@pytest.mark.parametrize("text", ["2026-11-01", "2026-11-01T00:00", "2026-11-01 00:00:00"])
def test_without_a_zone_it_is_local_time(text: str) -> None:
    assert when(text) == datetime(2026, 11, 1).astimezone(UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "7", "7w", "-7d", "٧d", "2026-13-01", "9999999d"])
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        when(text, NOON)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_was_written_is_read_back(time: datetime) -> None:
    assert when(time.isoformat()) == time
