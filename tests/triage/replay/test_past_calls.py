from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.decision import Route
from triage.errors import InputFileError
from triage.replay.past_calls import PastCall, read_calls

FILE = Path("calls.jsonl")
CALL: dict[str, Any] = {
    "call_id": "c1",
    "at": "2026-11-01T08:30:00+00:00",
    "text": "停水了",
    "confidence": 0.9,
    "route": "minsheng",
    "category": "water",
    "priority": 3,
    "lexicon_version": "0123456789ab",
}


def _read(*lines: str) -> list[PastCall]:
    return list(read_calls(lines, FILE))


def test_calls_are_read_and_blank_lines_passed_over() -> None:
    (call,) = _read("\n", json.dumps(CALL), "  ")
    at = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert call == PastCall("c1", at, "停水了", 0.9, Route.MINSHENG, "water", 3, "0123456789ab")


def test_other_readings_are_read() -> None:
    (call,) = _read(json.dumps(CALL | {"alternatives": [["抢劫了", 0.25]]}))
    assert call.alternatives == (("抢劫了", 0.25),)


@pytest.mark.parametrize("listed", [5, "抢劫", [["抢劫"]], [["抢劫", "x"]], [5]])
def test_readings_that_are_none(listed: object) -> None:
    with pytest.raises(InputFileError, match=r"calls\.jsonl"):
        _read(json.dumps(CALL | {"alternatives": listed}))


def test_what_a_record_may_lack() -> None:
    (call,) = _read(json.dumps(CALL | {"category": None, "priority": None, "lexicon_version": None}))
    assert (call.category, call.priority, call.lexicon_version) == ("", None, "")


@pytest.mark.parametrize(
    "change",
    [
        {"route": "fire"}, {"confidence": "high"}, {"confidence": float("nan")}, {"at": "yesterday"}, {"text": 1},
        {"call_id": None}, {"priority": "first"}, {"category": 7},
    ],
)  # fmt: skip
def test_what_is_no_call_is_named_with_its_line(change: dict[str, Any]) -> None:
    with pytest.raises(InputFileError) as caught:
        _read(json.dumps(CALL), json.dumps(CALL | change))
    assert caught.value.line == 2
    assert "不是一条通话记录" in str(caught.value)


@pytest.mark.parametrize("gone", list(CALL))
def test_every_key_is_needed(gone: str) -> None:
    with pytest.raises(InputFileError, match=gone):
        _read(json.dumps({key: value for key, value in CALL.items() if key != gone}))


@pytest.mark.parametrize("line", ["{", "[]", "1", "null", '"x"', "[" * 100_000])
def test_what_is_no_object_is_refused(line: str) -> None:
    with pytest.raises(InputFileError):
        _read(line)


json_values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
)


@given(st.fixed_dictionaries({key: json_values | st.just(value) for key, value in CALL.items()}))
def test_any_object_is_read_or_refused(entry: dict[str, Any]) -> None:
    try:
        (call,) = _read(json.dumps(entry))
    except InputFileError as wrong:
        assert wrong.line == 1  # noqa: PT017 - either outcome is right
    else:
        assert call.call_id == entry["call_id"]
