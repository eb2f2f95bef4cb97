"""Who calls 110 and what for decides where the call goes: spoken emergencies and spoken livelihood requests."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

import pytest
from defusedxml.ElementTree import fromstring

from ivr.softphone.pidf import Circle, CivicAddress, document
from tests.telephony.system import TONES, System, phones, tone, voice

# Sentences of our own for the test, spoken by voices that the speech model was never trained on.
EMERGENCIES = [
    ("f5", "快来人，我在公园门口被人抢劫了，他拿走了我的手机"),
    ("m7", "有两个男的拿着刀在菜市场打架，有人流血了"),
    ("Annie", "我老公喝醉了正在打我，求你们快点过来"),
    ("klatt3", "前面路口出车祸了，一个老人被撞倒在地上"),
    ("rob", "我家楼上着火了，烟很大，还有小孩在里面"),
    ("f5", "有人站在楼顶上要跳楼，你们快派人来"),
]
REQUESTS = [
    ("m7", "你好，我家的水管爆裂了，请派人来修一下", "water"),
    ("f5", "你好，我们小区停电了，什么时候能来电", "power"),
    ("Annie", "你好，我想反映一下，我们这条路的路灯坏了很多天了", "street_lamp"),
    ("klatt3", "建筑工地晚上施工，噪音太大，我们睡不着觉", "noise"),
    ("rob", "公司拖欠我三个月的工资，一直不发", "wages"),
    ("m7", "楼下的垃圾好几天没有人清理了，味道很大", "environment"),
]
SHAOWU = CivicAddress("福建省", "南平市", "邵武市", "五一路", "88")


@pytest.mark.parametrize(("who", "said"), EMERGENCIES)
async def test_a_spoken_emergency_reaches_the_police(system: System, who: str, said: str) -> None:
    sound = voice(said, who)
    async with phones(system) as at, at.caller(system, pidf_lo=document(Circle(27.34, 117.49, 30))) as caller:
        await caller.dial("110")
        await caller.speak(sound)
        call = await at.police.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert (story.route, story.queue, story.member) == ("police", "police", "PJSIP/p101")
        assert story.evidence
        assert b"27.34" in call.invite.pidf_lo
        await caller.heard.until(lambda: caller.heard.has_tone(TONES["p101"]), 10)
        assert not at.minsheng.calls


@pytest.mark.parametrize(("who", "said", "category"), REQUESTS)
async def test_a_spoken_livelihood_request_reaches_minsheng(
    system: System, who: str, said: str, category: str
) -> None:
    sound = voice(said, who)
    async with phones(system) as at, at.caller(system, pidf_lo=document(SHAOWU)) as caller:
        await caller.dial("110")
        await caller.speak(sound)
        call = await at.minsheng.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert (story.route, story.queue, story.member) == ("minsheng", "minsheng", "PJSIP/m201")
        assert story.category == category
        # the location: on the record, on the wire, and on any phone's display
        assert story.location is not None
        assert story.location["address"] == "福建省南平市邵武市五一路88号"
        assert unquote(call.invite.header("X-Minsheng-Location")) == story.location["short"]
        assert call.invite.header("X-Minsheng-Category") == category
        assert story.location["short"] in call.invite.display_name
        assert "邵武市" in "".join(fromstring(call.invite.pidf_lo).itertext())
        # both hear each other
        await caller.heard.until(lambda: caller.heard.has_tone(TONES["m201"]), 10)
        since = asyncio.get_running_loop().time()
        await caller.speak(tone(700.0))
        await call.heard.until(lambda: call.heard.has_tone(700.0, since), 10)
        assert not at.police.calls
