"""Thirty calls at once, mixed: every one where it belongs, no line lost, nothing left behind."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from ivr.softphone.agent import Agent
from ivr.softphone.caller import Caller
from ivr.softphone.ticker import Ticker
from ivr.story import Story
from tests.asterisk_instance import free_port_run
from tests.telephony.conftest import SystemFactory
from tests.telephony.system import System, voice

POLICE = [
    ("f5", "快来人，我在公园门口被人抢劫了，他拿走了我的手机"),
    ("m7", "有两个男的拿着刀在菜市场打架，有人流血了"),
    ("rob", "我家楼上着火了，烟很大，还有小孩在里面"),
]
MINSHENG = [
    ("m7", "你好，我家的水管爆裂了，请派人来修一下"),
    ("f5", "你好，我们小区停电了，什么时候能来电"),
    ("rob", "公司拖欠我三个月的工资，一直不发"),
]
EACH = 5
"""Calls of each of the six sentences: thirty in all."""


async def one_call(system: System, ticker: Ticker, number: str, sound: bytes) -> Story:
    async with Caller(system.sip_address, number=number, ticker=ticker) as caller:
        await caller.dial("110", timeout_s=20)
        await caller.speak(sound)
        story = await system.story(caller, lambda s: s.member is not None, limit_s=60)
        assert not caller.ended.is_set()
        return story


async def test_thirty_calls_at_once_each_where_it_belongs(start_system: SystemFactory) -> None:
    police_port = free_port_run(2)
    minsheng_port = police_port + 1
    system = start_system(
        asterisk={
            # one phone of each kind that takes any number of calls: ten of each would show the same
            "police": [{"name": "p101", "uri": f"sip:p101@127.0.0.1:{police_port}"}],
            "minsheng": [{"name": "m201", "uri": f"sip:m201@127.0.0.1:{minsheng_port}"}],
            "police_lines": 60,
        }
    )
    ticker = Ticker()
    async with AsyncExitStack() as stack:
        for name, port in (("p101", police_port), ("m201", minsheng_port)):
            await stack.enter_async_context(Agent(name, port=port, ticker=ticker))
        calls, expected = [], {}
        for n in range(EACH):
            for kind, sentences in (("police", POLICE), ("minsheng", MINSHENG)):
                for m, (who, said) in enumerate(sentences):
                    number = f"139{n:04d}{m:02d}{'00' if kind == 'police' else '11'}"
                    expected[number] = kind
                    calls.append(one_call(system, ticker, number, voice(said, who)))
        stories = await asyncio.gather(*calls)
    troubles = [line for line in system.log().splitlines() if '"level": "error"' in line or "shed" in line]
    for number, story in zip(expected, stories, strict=True):
        assert story.route == expected[number], (number, story, troubles[:5])
        assert story.queue == expected[number]
    assert len({story.call_id for story in stories}) == len(stories)
    async with asyncio.timeout(20):
        while await asyncio.to_thread(system.channels):
            await asyncio.sleep(0.2)
