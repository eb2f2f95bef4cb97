"""A demonstration call held against what it should have come to: every way of going wrong is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ivr.demo.calls import CALLS, DemoCall
from ivr.demo.result import Answered, DemoResult
from ivr.story import Story

BY_KEY = {call.key: call for call in CALLS}
PIPE, ROBBERY, SILENCE = BY_KEY["burst_pipe"], BY_KEY["robbery"], BY_KEY["silence"]
ANSWERED = Answered(
    "供水 五一路", "%E4%BA%94", b"<presence/>", member_heard_caller=True, caller_heard_member=True
)


def story(call: DemoCall, **changes: Any) -> Story:
    told = Story("c-1", route=call.route.value, queue=call.route.value, member="PJSIP/m201")
    for name, value in changes.items():
        setattr(told, name, value)
    return told


def result(call: DemoCall, answered: Answered | None = ANSWERED, **changes: Any) -> DemoResult:
    return DemoResult(call, story(call, **changes), answered)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.key)
def test_a_call_that_went_as_it_should_has_arrived(call: DemoCall) -> None:
    assert result(call).faults == []
    assert result(call).arrived


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"route": "police"}, "应判 minsheng，实为 police"),
        ({"route": None}, "应判 minsheng，实为 None"),
        ({"queue": "police"}, "应到 minsheng 队列，实到 police"),
        ({"faults": ["CallerGone", "x"]}, "故障：x"),
    ],
)
def test_what_the_record_says_otherwise_is_a_fault(changes: dict[str, Any], said: str) -> None:
    wrong = result(PIPE, **changes)
    assert said in wrong.faults
    assert not wrong.arrived


def test_nobody_answered() -> None:
    assert result(PIPE, None).faults == ["无人应答"]


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (replace(ANSWERED, location_header=""), "坐席没有收到位置"),
        (replace(ANSWERED, pidf_lo=b""), "坐席没有收到位置"),
        (replace(ANSWERED, caller_heard_member=False), "来电者听不到坐席"),
        (replace(ANSWERED, member_heard_caller=False), "坐席听不到来电者"),
    ],
)
def test_what_the_phones_missed_is_a_fault(answered: Answered, said: str) -> None:
    assert result(ROBBERY, answered).faults == [said]


def test_a_silent_caller_need_not_be_heard_nor_one_without_a_place_be_located() -> None:
    assert result(SILENCE, replace(ANSWERED, member_heard_caller=False)).arrived
    nowhere = replace(PIPE, location=None)
    assert result(nowhere, replace(ANSWERED, location_header="", pidf_lo=b"")).arrived
