"""Many calls at once, mixed: nobody lost, no emergency freed, whoever is shed is with the police and counted."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from ivr.softphone.caller import Caller
from ivr.story import Story, tell
from records.events import EventKind
from tests.telephony.conftest import SystemFactory
from tests.telephony.numbers import numbers_when
from tests.telephony.system import System, phones, voice

SENTENCES = [
    ("police", "f5", "快来人，我在公园门口被人抢劫了，他拿走了我的手机"),
    ("minsheng", "m7", "你好，我家的水管爆裂了，请派人来修一下"),
    ("police", "m7", "有两个男的拿着刀在菜市场打架，有人流血了"),
    ("minsheng", "f5", "你好，我们小区停电了，什么时候能来电"),
    ("police", "rob", "我家楼上着火了，烟很大，还有小孩在里面"),
    ("minsheng", "rob", "公司拖欠我三个月的工资，一直不发"),
]
OVERLOADED = {"shed", "fault", "limit", None}
"""How a call ends with the police when there is too much to do: refused, without its last words, out of time, or by the
dialplan alone, because the node did not take it in time."""


async def call(caller: Caller, sound: bytes, after_s: float) -> None:
    await asyncio.sleep(after_s)  # callers do not know of each other
    await caller.dial("110", timeout_s=20)
    await caller.speak(sound)


def number(n: int) -> str:
    return f"1390000{n:04d}"


async def settled(system: System, calls: int, limit_s: float) -> list[Story]:
    """The callers' stories, as soon as each has joined a queue."""
    deadline = asyncio.get_running_loop().time() + limit_s
    while True:
        events = await asyncio.to_thread(system.events)
        ids = {str(e.data.get("caller")): e.call_id for e in events if e.kind == EventKind.STARTED}
        stories = [tell(ids.get(number(n), ""), events) for n in range(calls)]
        if all(story.queue for story in stories):
            return stories
        assert asyncio.get_running_loop().time() < deadline, [story for story in stories if not story.queue]
        await asyncio.sleep(0.5)  # one look at the record for all of them


@pytest.mark.parametrize(
    ("calls", "apart_s", "all_heard"),
    [
        pytest.param(50, 0.4, False, id="whatever the machine"),
        # Overloaded, but well: beside other programs the node may be short of CPU for so long that its parent kills it.
        pytest.param(
            50, 0.0, False, id="too many in one moment, on an idle machine", marks=pytest.mark.nightly
        ),
        # Sixty legs and thirty decoders on the same cores: two idle ones are just enough, without coverage beside them.
        pytest.param(30, 0.0, True, id="in one moment, on an idle machine", marks=pytest.mark.nightly),
    ],
)
async def test_many_calls_at_once(
    start_system: SystemFactory, calls: int, apart_s: float, *, all_heard: bool
) -> None:
    """Nobody is lost, no emergency is freed, and what is understood in time goes where it belongs."""
    asyncio.get_running_loop().set_debug(False)  # a hundred legs in one process leave it no time for that
    plan = [SENTENCES[n % len(SENTENCES)] for n in range(calls)]
    sounds = [voice(said, who) for _, who, said in plan]
    system = start_system(asterisk={"police_lines": calls + 10})  # else those beyond are not listened to
    async with phones(system) as at, AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(at.caller(system, number=number(n))) for n in range(calls)]
        coming = zip(callers, sounds, range(calls), strict=True)
        await asyncio.gather(*(call(caller, sound, n * apart_s) for caller, sound, n in coming))
        stories = await settled(system, calls, 60)
        assert not [caller for caller in callers if caller.ended.is_set()], "somebody was hung up on"
    went = [(route, story) for (route, _, _), story in zip(plan, stories, strict=True)]
    wrong = [
        (route, story.route, story.reason, story.heard)
        for route, story in went
        if story.queue != route and (all_heard or route == "police" or story.reason not in OVERLOADED)
    ]
    assert wrong == []
    assert len({story.call_id for story in stories}) == calls
    if apart_s or all_heard:
        assert ("minsheng", "minsheng") in {(route, story.queue) for route, story in went}, (
            "it keeps everybody"
        )
    if not apart_s or "node.ended" not in system.log():  # one killed for want of CPU takes its numbers along
        await tell_the_same(system, stories)
    async with asyncio.timeout(20):
        while await asyncio.to_thread(system.channels):
            await asyncio.sleep(0.2)


async def tell_the_same(system: System, stories: list[Story]) -> None:
    """What Prometheus is told agrees with the record, call by call."""
    told = await numbers_when(system, lambda told: told.value("listening_calls") == 0)
    decided = [(str(story.route), str(story.reason)) for story in stories if story.reason]
    assert told.total("decided_calls_total") == len(decided)
    for route, reason in set(decided):
        alike = decided.count((route, reason))
        assert told.value("decided_calls_total", route=route, reason=reason) == alike
    assert told.shed == decided.count(("police", "shed"))
    assert told.value("call_decode_lag_seconds_count") == len(decided) - told.shed
