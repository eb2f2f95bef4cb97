"""Callers who do not say what is the matter, who press a key, who hang up: police or a clean end, and a record."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from asr.g711 import alaw_encode
from ivr.softphone.caller import Caller
from models.recipe.voice import speak
from tests.telephony.system import System, phones, press_when_greeted, voice

BEGINNING = "你好我想说一下我们这里"
UNCLEAR = "那个就是这个"


def noise(seconds: float = 4.0) -> bytes:
    """A loud street: white noise as A-law."""
    samples = np.random.default_rng(110).normal(0, 3000, int(8000 * seconds))
    return alaw_encode(np.clip(samples, -32000, 32000).astype(np.int16))


def gibberish() -> bytes:
    """Speech played backwards: loud, like a voice, and without a word."""
    return alaw_encode(np.ascontiguousarray(speak("今天天气很好我们一起去公园散步吧", "m7")[::-1]))


async def nothing_left(system: System) -> None:
    """No channel of the call is left behind in Asterisk."""
    async with asyncio.timeout(15):
        while await asyncio.to_thread(system.channels):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("sound", "reasons"),
    [
        pytest.param(b"", {"silent"}, id="silence"),
        pytest.param(noise(), {"silent", "unclear"}, id="noise"),
        pytest.param(gibberish(), {"unclear", "silent", "heard"}, id="gibberish"),
    ],
)
async def test_who_says_nothing_that_is_understood_reaches_the_police(
    system: System, sound: bytes, reasons: set[str]
) -> None:
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        if sound:
            await caller.speak(sound)
        await at.police.next_call(30)
        story = await system.story(caller, lambda s: s.member is not None)
        assert (story.route, story.queue) == ("police", "police")
        assert story.reason in reasons
    await nothing_left(system)


async def test_any_key_reaches_a_person_at_once(system: System) -> None:
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await press_when_greeted(caller, "7")
        await at.police.next_call(10)
        story = await system.story(caller, lambda s: s.member is not None)
        assert story.reason == "key"
        assert "key" in story.flags


@pytest.mark.parametrize("said", ["我要转人工", "给我转警察"])
async def test_asking_for_a_person_reaches_the_police(system: System, said: str) -> None:
    sound = voice(said, "m7")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await caller.speak(sound)
        await at.police.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert story.route == "police"


async def test_a_police_word_in_mid_sentence_decides_before_the_caller_stops(system: System) -> None:
    said = (
        "你好，我们小区的水管坏了好几天了，一直没有人来修，刚才有人拿着刀在楼下打架，"
        "我们这里的物业也不管，水流得到处都是，路灯也不亮"
    )
    sound = voice(said, "f5")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        speaking = asyncio.create_task(caller.speak(sound))
        call = await at.police.next_call(30)
        assert not speaking.done(), "the caller had finished before the call was decided"
        story = await system.story(caller, lambda s: s.member is not None)
        assert story.route == "police"
        assert story.steps_s["decided"] < len(sound) / 8000
        assert call.answered
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


async def _in_the_greeting(caller: Caller, system: System) -> None:
    await caller.heard.until(lambda: caller.heard.rms() > 100, 10)


async def _while_speaking(caller: Caller, system: System) -> None:
    speaking = asyncio.create_task(caller.speak(voice(BEGINNING, "m7")))
    await asyncio.wait({speaking}, timeout=1.5)
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)


async def _while_asked_once_more(caller: Caller, system: System) -> None:
    since = len(system.log())
    await caller.speak(voice(UNCLEAR, "m7"))
    await asyncio.to_thread(system.wait_for_log, "call.asked", since=since)


async def _in_the_queue(caller: Caller, system: System) -> None:
    await press_when_greeted(caller, "1")
    await system.story(caller, lambda s: s.queue == "police")


@pytest.mark.parametrize(
    "stage",
    [_in_the_greeting, _while_speaking, _while_asked_once_more, _in_the_queue],
    ids=lambda s: s.__name__,
)
async def test_hanging_up_at_any_stage_ends_clean_and_is_recorded(system: System, stage: object) -> None:
    for words in (BEGINNING, UNCLEAR):
        voice(words, "m7")
    async with phones(system, answer_after_s=None) as at, at.caller(system) as caller:
        await caller.dial("110")
        await stage(caller, system)  # type: ignore[operator]
        await caller.hang_up()
        story = await system.story(caller, lambda s: "ended" in s.steps_s)
        assert story.member is None
    await nothing_left(system)


async def test_what_was_said_before_hanging_up_is_kept(system: System) -> None:
    """A cry that breaks off is a reason to call back (law 5)."""
    sound = voice("你好我跟你说一下我们村里的那个", "f5")
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        speaking = asyncio.create_task(caller.speak(sound))
        await asyncio.wait({speaking}, timeout=2.5)
        await caller.hang_up()
        await asyncio.gather(speaking, return_exceptions=True)
        story = await system.story(caller, lambda s: "ended" in s.steps_s and s.reason is not None)
        assert story.reason == "hung_up"
        assert story.heard
        assert not at.police.calls
