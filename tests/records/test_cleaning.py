import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.cleaning import MAX_DEPTH, MAX_EVENT, MAX_ID, MAX_TEXT, MAX_VALUES, clean, clean_id, clean_text
from records.event_lines import event_line, to_json
from records.events import CallEvent, EventKind, JsonValue
from tests.records.call_events import NOON, any_event, any_json, event, whole_call

hostile_text = st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x00\ud800\udfff\n\r\x1b"))


def made(data: Any) -> CallEvent:
    return CallEvent("c", EventKind.HEARD, NOON, data, "e")


def storable(value: JsonValue) -> bool:
    text = to_json(value)
    text.encode()
    return "\\u0000" not in text and json.loads(text) == value


@given(st.dictionaries(hostile_text, any_json | hostile_text, max_size=6))
def test_anything_becomes_storable(data: dict[str, JsonValue]) -> None:
    cleaned = clean(made(data))
    assert storable(cleaned.data)
    assert len(cleaned.data) == len(data)


@given(any_event)
def test_cleaning_twice_changes_nothing_more(any_made: CallEvent) -> None:
    once = clean(any_made)
    assert clean(once) == once


@given(st.lists(st.text("ab\x00", max_size=300), max_size=30, unique=True))
def test_cleaning_bounded_keys_twice_changes_nothing_more(keys: list[str]) -> None:
    once = clean(made(dict.fromkeys(keys, "x" * 7_000)))
    assert len(once.data) == len(keys)
    assert clean(once) == once


def test_an_ordinary_event_is_left_as_it_is() -> None:
    for ordinary in whole_call():
        assert clean(ordinary) == ordinary


def test_what_cannot_be_stored_is_replaced_visibly() -> None:
    data = clean(made({"a\x00": "张\x00三\ud83d", "b": float("nan"), "c": float("-inf")})).data
    assert data == {"a\ufffd": "张\ufffd三\ufffd", "b": "nan", "c": "-inf"}


def test_keys_that_become_equal_are_told_apart() -> None:
    keys = {key: number for number, key in enumerate(["\x00", "\ud800", "\udfff"], 1)}
    assert clean(made(keys)).data == {"\ufffd": 1, "\ufffd_2": 2, "\ufffd_3": 3}


def test_a_cut_text_says_that_it_was_cut() -> None:
    kept = clean(made({"text": "水" * 10_000_000})).data["text"]
    assert isinstance(kept, str)
    assert len(kept) == MAX_TEXT
    assert kept.endswith("水…")
    assert clean_text("ab", 2) == "ab"
    assert clean_text("abc", 2) == "a…"
    assert clean_text("abc", 0) == "…"


def test_a_whole_event_is_bounded_in_characters_values_and_depth() -> None:
    deep: JsonValue = "bottom"
    for _ in range(10_000):
        deep = [deep]
    data = {
        "many": ["x" * 100] * 1_000,
        "deep": deep,
        "wide": {str(number): number for number in range(9_999)},
    }
    line = event_line(clean(made(data)))
    assert len(line.decode()) < MAX_EVENT + 10 * MAX_VALUES
    assert line.count(b"[[") <= MAX_DEPTH
    assert "…" in line.decode()


def test_a_cut_list_and_object_say_that_they_were_cut() -> None:
    cleaned = clean(made({"list": list(range(5_000)), "later": 1})).data
    assert isinstance(cleaned["list"], list)
    assert cleaned["list"][-1] == "…"
    assert cleaned["…"] == "…"
    assert "later" not in cleaned


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (2**63, "int of 64 bits"),
        pytest.param(10**5_000, "int of 16610 bits", id="more digits than str() takes"),
        (True, True),
        (EventKind.ENDED, "call.ended"),
        (b"\x00", "b'\\x00'"),
        (datetime(2025, 1, 1, tzinfo=UTC), "2025-01-01 00:00:00+00:00"),
        ((1, 2), [1, 2]),
        (frozenset({1}), [1]),
    ],
)
def test_values_that_json_lacks_keep_their_text(value: object, kept: JsonValue) -> None:
    cleaned = clean(made({"value": value})).data["value"]
    assert cleaned == kept
    assert type(cleaned) is type(kept)


def test_the_copy_does_not_change_with_the_original() -> None:
    inner: list[JsonValue] = [1]
    original: dict[str, JsonValue] = {"list": inner}
    cleaned = clean(made(original))
    inner.append(2)
    original["more"] = 1
    assert cleaned.data == {"list": [1]}


@given(hostile_text)
def test_ids_fit_their_column_and_stay_what_they_are(text: str) -> None:
    kept = clean_id(text)
    kept.encode()
    assert len(kept) <= MAX_ID
    assert "\x00" not in kept
    assert clean_id(kept) == kept
    if text.isprintable() and len(text) <= MAX_ID:
        assert kept == text


def test_long_ids_stay_different() -> None:
    assert clean_id("x" * 1_000) != clean_id("x" * 1_001)
    assert clean(event("c" * 100)).call_id == clean(event("c" * 100)).call_id
