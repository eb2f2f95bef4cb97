"""Earlier calls from a number go along with the call and into its record, and change nothing about where it goes."""

from __future__ import annotations

import pytest

from records.events import EventKind
from tests.ivr.exchange_house import House, engine, house, pool, variables
from tests.ivr.fastagi.asterisk_side import AsteriskSide
from tests.ivr.scripted_engine import ScriptedEngine, part

__all__ = ["engine", "house", "pool"]
CLEAR = "我家水管爆了"


async def call(
    house: House, engine: ScriptedEngine, words: str, uniqueid: str, **more: str
) -> dict[str, str]:
    """One call from its beginning to the end of its script; the variables that it was given."""
    if words:
        engine.hears(part(words))
    side: AsteriskSide = house.asterisk.call(uniqueid=uniqueid, **more)
    await house.ended()
    return dict(variables(side))


async def test_the_next_call_of_a_number_tells_of_those_before(house: House, engine: ScriptedEngine) -> None:
    first = await call(house, engine, "", "1.1")
    second = await call(house, engine, CLEAR, "1.2", callerid="+8613800138000")
    third = await call(house, engine, "有人拿刀砍人", "1.3", callerid="0086 138 0013 8000")
    other = await call(house, engine, CLEAR, "1.4", callerid="13900139000")
    assert "__CALLER_HISTORY" not in first
    assert second["__CALLER_HISTORY"] == "24小时内第2次来电：无声1"
    assert third["__CALLER_HISTORY"] == "24小时内第3次来电：民生1 无声1"
    assert "__CALLER_HISTORY" not in other
    told = [decided["history"] for decided in house.record.of(EventKind.DECIDED)]
    assert told[0] is None
    assert told[2] == {
        "text": third["__CALLER_HISTORY"],
        "hours": 24,
        "calls": 2,
        "kinds": {"livelihood": 1, "silent": 1},
    }
    assert told[3] is None


async def test_history_never_changes_the_route(house: House, engine: ScriptedEngine) -> None:
    """Law 1: after any number of abusive and silent calls an emergency word counts as in any other call."""
    for n in range(3):
        await call(house, engine, "操你妈", f"2.{n}")
    emergency = await call(house, engine, "有人拿刀砍人", "2.8")
    request = await call(house, engine, CLEAR, "2.9")
    assert emergency["__CALLER_HISTORY"] == "24小时内第4次来电：辱骂3"
    assert (emergency["TRIAGE_ROUTE"], emergency["__TRIAGE_PRIORITY"]) == ("police", "1")
    assert (request["TRIAGE_ROUTE"], request["__TRIAGE_CATEGORY"]) == ("minsheng", "water")
    fresh = await call(house, engine, CLEAR, "2.10", callerid="13900139000")
    known = {name: value for name, value in request.items() if name not in {"__CALLER_HISTORY", "__CALL_ID"}}
    assert known == {name: value for name, value in fresh.items() if name != "__CALL_ID"}


@pytest.mark.parametrize("hidden", ["unknown", "anonymous"])
async def test_who_hides_the_number_has_no_history(house: House, engine: ScriptedEngine, hidden: str) -> None:
    for n in range(2):
        values = await call(house, engine, "有人拿刀砍人", f"3.{n}", callerid=hidden)
        assert "__CALLER_HISTORY" not in values


async def test_a_call_whose_audio_never_joins_tells_of_those_before_as_well(
    house: House, engine: ScriptedEngine
) -> None:
    """Its script ends without a route; whoever takes it should know the number all the same."""
    await call(house, engine, "有人拿刀砍人", "4.1")
    house.asterisk.joins = False
    values = await call(house, engine, "", "4.2")
    assert "TRIAGE_ROUTE" not in values
    assert values["__CALLER_HISTORY"] == "24小时内第2次来电：警情1"
