"""The one question more, through the whole house: asked, answered, and what a caller may do who cannot speak."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from asr.g711 import alaw_encode
from ivr.softphone.caller import Caller
from tests.telephony.conftest import SystemFactory
from tests.telephony.system import System, phones, voice

PLACES = """name,level,parent,code,aliases
邵武市,county,,1,
和平镇,town,1,108,
卫闽镇,town,1,103,
大竹镇,town,1,110,
"""
TOPIC = "你好，我家那个水管"


def knocks() -> bytes:
    """Two taps on a telephone, as A-law."""
    t = np.arange(4000) / 8000
    tap = 12_000 * np.exp(-t / 0.008) * np.sin(2 * np.pi * 900 * t)
    return alaw_encode(np.concatenate([tap, tap]).astype(np.int16))


async def asked(system: System, caller: Caller, sound: bytes, question: str) -> None:
    """Say it and wait until this question is asked."""
    since = len(system.log())
    if sound:
        await caller.speak(sound)
    told = await asyncio.to_thread(system.wait_for_log, "call.asked", since=since)
    assert question in told


async def test_a_topic_and_no_danger_leave_the_police_line(system: System) -> None:
    topic, answer = voice(TOPIC, "f5"), voice("没有没有", "f5")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await asked(system, caller, topic, "ask_danger")
        await caller.speak(answer)
        await at.minsheng.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert (story.route, story.category) == ("minsheng", "water")
        assert "danger_denied" in story.flags


async def test_a_yes_keeps_the_caller_with_the_police(system: System) -> None:
    topic, answer = voice(TOPIC, "f5"), voice("有的有的", "f5")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await asked(system, caller, topic, "ask_danger")
        await caller.speak(answer)
        await at.police.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert (story.route, story.reason) == ("police", "heard")
        assert "danger_confirmed" in story.flags


async def test_who_only_asks_somebody_to_come_is_asked_for_the_place(system: System) -> None:
    first, second = voice("你们过来一下", "m7"), voice("我家停水了", "m7")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await asked(system, caller, first, "ask_place")
        await caller.speak(second)
        await at.minsheng.next_call(20)


async def test_the_place_that_a_caller_is_asked_for_is_heard_by_a_recogniser_of_places(
    start_system: SystemFactory, tmp_path: Path
) -> None:
    listed = tmp_path / "places.csv"
    listed.write_text(PLACES, encoding="utf-8")
    system = start_system(triage={"gazetteer": str(listed)})
    first, second = voice("你们过来一下", "m7"), voice("我在卫闽镇", "m7")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await asked(system, caller, first, "ask_place")
        await caller.speak(second)
        await at.police.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None and bool(s.facts))
    assert story.route == "police", "a place alone is no livelihood request"
    (place,) = [fact for fact in story.facts if fact.get("by") == "place_recogniser"]
    assert (place["value"], place["parts"][0]["code"]) == ("卫闽镇", "103")
    assert place["confidence"] >= 0.9


async def test_a_silent_caller_taps_and_has_a_person_at_once(system: System) -> None:
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await asked(system, caller, b"", "silent_prompt")
        tapping = asyncio.create_task(_keep_tapping(caller))
        await at.police.next_call(30)
        tapping.cancel()
        await asyncio.gather(tapping, return_exceptions=True)
        story = await system.story(caller, lambda s: s.member is not None)
        assert (story.route, story.reason) == ("police", "silent")
        assert {"silent", "tap"} <= set(story.flags)


async def _keep_tapping(caller: Caller) -> None:
    """As somebody does who does not know when the prompt ends."""
    while True:
        await caller.speak(knocks())


@pytest.mark.parametrize("said", ["我想要一份披萨送到家里", "今天晚上我们一起去看电影好不好"])
async def test_talk_that_fits_nothing_may_be_a_call_in_disguise(system: System, said: str) -> None:
    sound = voice(said, "f5")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await caller.speak(sound)
        await at.police.next_call(30)
        story = await system.story(caller, lambda s: s.member is not None)
        assert story.route == "police"
        assert "covert?" in story.flags


async def test_a_burst_pipe_and_a_knife_are_police(system: System) -> None:
    sound = voice("我家水管爆了，楼下有人拿着刀打架", "m7")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await caller.speak(sound)
        await at.police.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert story.route == "police"
        assert "mixed" in story.flags
