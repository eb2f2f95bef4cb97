import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.cleaning import clean
from records.errors import EventMalformed
from records.event_lines import event_line, event_of_line, to_json
from records.events import CallEvent, EventKind
from tests.records.call_events import any_event, event


@given(any_event)
def test_a_cleaned_event_comes_back_from_its_line(made: CallEvent) -> None:
    cleaned = clean(made)
    line = event_line(cleaned)
    assert event_of_line(line) == cleaned
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


@given(any_event, st.data())
def test_no_part_of_a_line_is_taken_for_an_event(made: CallEvent, data: st.DataObject) -> None:
    whole = event_line(clean(made)).rstrip(b"\n")
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(EventMalformed):
        event_of_line(whole[:cut])


@given(st.binary())
def test_any_bytes_give_an_event_or_the_one_error(line: bytes) -> None:
    with pytest.raises(EventMalformed):
        event_of_line(line)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_id", None),
        ("call_id", 7),
        ("kind", "case.opened"),
        ("kind", []),
        ("at", "yesterday"),
        ("at", "2025-01-01T00:00:00"),
        ("at", "0001-01-01T00:00:00+23:00"),
        ("data", "text"),
    ],
)
def test_a_line_that_is_no_event_is_refused_without_quoting_it(field: str, value: object) -> None:
    fields = json.loads(event_line(event(caller="13800138000")))
    fields[field] = value
    with pytest.raises(EventMalformed) as caught:
        event_of_line(json.dumps(fields).encode())
    assert "13800138000" not in str(caught.value)


@pytest.mark.parametrize(
    "line", [b"[]", b"7", b"{}", b"\xff\xfe", b"[" * 200_000, b"\x00" * 4096, b"1" * 9999]
)
def test_what_a_broken_disk_leaves_is_refused(line: bytes) -> None:
    with pytest.raises(EventMalformed):
        event_of_line(line)


def test_chinese_stays_chinese_and_nan_is_no_json() -> None:
    assert b"\xe6\xb0\xb4" in event_line(event(kind=EventKind.HEARD, text="水"))
    with pytest.raises(ValueError, match="JSON"):
        to_json(float("nan"))
