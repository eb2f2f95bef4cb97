"""What a call was: the matter before the manner, and in doubt no nuisance."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.call_record import CallRecord
from records.events import JsonValue
from transfer.call_kind import LABELS, CallKind, kind_of, kind_of_record

EVIDENCE: list[JsonValue] = [{"phrase": "停水", "rule": "minsheng/water#1"}]


def decided(category: str = "unclear", reason: str = "unclear", **data: JsonValue) -> dict[str, JsonValue]:
    return {"route": "police", "category": category, "reason": reason, "flags": [], "text": "", **data}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (decided("robbery", "heard", text="有人抢劫", evidence=EVIDENCE), CallKind.EMERGENCY),
        (decided("robbery", "heard", text="操你妈有人抢劫", flags=["abusive"]), CallKind.EMERGENCY),
        (decided("robbery", "hung_up", text="有人抢"), CallKind.EMERGENCY),
        (decided("unclear", "heard", text="有", flags=["danger_confirmed"]), CallKind.EMERGENCY),
        (decided("water", "heard", route="minsheng", text="停水了"), CallKind.LIVELIHOOD),
        (
            decided("water", "heard", route="minsheng", text="废物停水了", flags=["abusive"]),
            CallKind.LIVELIHOOD,
        ),
        (decided("unclear", "key", text="停水了", evidence=EVIDENCE), CallKind.LIVELIHOOD),
        (decided("silent", "silent"), CallKind.SILENT),
        (decided("silent", "limit"), CallKind.SILENT),
        (decided("silent", "hung_up"), CallKind.VOID),
        (decided("unclear", "silent", flags=["unintelligible"]), CallKind.VOID),
        (decided("unclear", "unclear", text="嗯那个"), CallKind.VOID),
        (decided("unclear", "unclear", text="操你妈", flags=["unclear", "abusive"]), CallKind.ABUSIVE),
        (decided("unclear", "hung_up", text="傻逼", flags=["abusive"]), CallKind.ABUSIVE),
        (decided("handover", "heard", text="转人工"), CallKind.OTHER),
        (decided("silent", "key"), CallKind.OTHER),
        (decided("silent", "shed"), CallKind.OTHER),
        (decided("silent", "fault"), CallKind.OTHER),
        ({}, CallKind.OTHER),
    ],
)
def test_the_kind_of_a_decision(data: dict[str, JsonValue], kind: CallKind) -> None:
    assert kind_of(data) is kind


def test_a_record_says_the_same_as_its_event() -> None:
    now = datetime.now(UTC)
    record = CallRecord(
        "c", now, now, "call.decided", "e", route="police", category="unclear", reason="hung_up"
    )
    assert kind_of_record(record) is CallKind.VOID
    assert kind_of_record(CallRecord("c", now, now, "call.started", "e")) is CallKind.OTHER


def test_every_kind_has_its_name() -> None:
    assert set(LABELS) == set(CallKind)
    assert len(set(LABELS.values())) == len(CallKind)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["route", "category", "flags", "reason", "text", "evidence"]), _JSON))
def test_whatever_the_database_holds_it_is_of_some_kind(data: dict[str, JsonValue]) -> None:
    assert kind_of(data) in CallKind


def test_what_was_perhaps_never_said_names_no_matter() -> None:
    doubt: JsonValue = {"phrase": "抢劫", "alternative": "抢劫"}
    assert kind_of(decided(text="嗯", evidence=[doubt])) is CallKind.VOID
    assert kind_of(decided(text="停水", evidence=[*EVIDENCE, doubt])) is CallKind.LIVELIHOOD
