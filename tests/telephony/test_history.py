"""One number calls again and again: whoever takes the call is told, and nobody is sent anywhere else for it."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

from ivr.softphone.agent import Agent, AgentCall
from ivr.story import Story
from tests.telephony.system import Phones, System, phones, voice

NUMBER = "13911073073"
ROBBERY = "快来人，我在公园门口被人抢劫了，他拿走了我的手机"
BURST_PIPE = "你好，我家的水管爆裂了，请派人来修一下"


async def call(system: System, at: Phones, to: Agent, number: str, sound: bytes) -> tuple[AgentCall, Story]:
    """A call from its beginning to the end, taken by `to`."""
    async with at.caller(system, number=number) as caller:
        await caller.dial("110")
        if sound:
            await caller.speak(sound)
        taken = await to.next_call(40)
        story = await system.story(caller, lambda s: s.member is not None)
        await caller.hang_up()
        await system.story(caller, lambda s: "ended" in s.steps_s)
    return taken, story


def told(taken: AgentCall) -> str:
    """What the phone that rang was told of earlier calls."""
    return unquote(taken.invite.header("X-Minsheng-History"))


async def test_the_third_call_of_a_number_shows_the_two_before(system: System) -> None:
    robbery, burst_pipe = voice(ROBBERY, "f5"), voice(BURST_PIPE, "m7")
    async with phones(system) as at:
        silent, first = await call(system, at, at.police, NUMBER, b"")
        assert (told(silent), first.history) == ("", None)
        speaking, second = await call(system, at, at.police, "+86" + NUMBER, robbery)
        assert told(speaking) == "24小时内第2次来电：无声1"
        assert second.route == "police"
        third, story = await call(system, at, at.minsheng, NUMBER, burst_pipe)
        assert told(third) == "24小时内第3次来电：警情1 无声1"
        assert story.history == {
            "text": told(third),
            "hours": 24,
            "calls": 2,
            "kinds": {"emergency": 1, "silent": 1},
        }
        assert (story.route, story.category) == ("minsheng", "water"), "history never changes the route"
        other, _ = await call(system, at, at.minsheng, "13911073074", burst_pipe)
        assert told(other) == ""


async def test_a_node_that_starts_reads_the_calls_of_before(system: System) -> None:
    robbery = voice(ROBBERY, "f5")
    async with phones(system) as at:
        await call(system, at, at.police, "13911073075", robbery)
        since = len(system.log())
        system.kill_node()
        await asyncio.to_thread(system.wait_for_log, "node.ready", since=since, limit_s=60)
        await asyncio.to_thread(system.wait_for_log, "history.loaded", since=since)
        again, _ = await call(system, at, at.police, "13911073075", robbery)
        assert told(again) == "24小时内第2次来电：警情1"
