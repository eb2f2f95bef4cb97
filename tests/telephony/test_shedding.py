"""More callers than can be listened to: who is turned away is with the police at once, who was admitted is heard."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from ivr.softphone.caller import Caller
from tests.telephony.conftest import SystemFactory
from tests.telephony.numbers import numbers_when
from tests.telephony.system import phones, voice

CAPACITY = 3
LAW_2_S = 2.0
BURST_PIPE = "你好，我家的水管爆裂了，请派人来修一下"


async def dial(callers: list[Caller]) -> None:
    await asyncio.gather(*(caller.dial("110", timeout_s=20) for caller in callers))


async def test_three_places_and_six_callers(start_system: SystemFactory) -> None:
    sound = voice(BURST_PIPE, "m7")
    # Patient, so that the first three are still being listened to when the others call, however slow the machine is.
    system = start_system(speech={"capacity": CAPACITY}, call={"silence_s": 15, "listen_limit_s": 60})
    async with phones(system) as at, AsyncExitStack() as stack:
        callers = [
            await stack.enter_async_context(at.caller(system, number=f"1370000{n:04d}"))
            for n in range(2 * CAPACITY)
        ]
        admitted, turned_away = callers[:CAPACITY], callers[CAPACITY:]
        await dial(admitted)
        listening = await numbers_when(system, lambda told: told.value("listening_calls") == CAPACITY)
        assert (listening.value("listening_capacity"), listening.shed) == (CAPACITY, 0)

        await dial(turned_away)
        for caller in turned_away:
            story = await system.story(caller, lambda s: s.queue is not None)
            assert (story.queue, story.route, story.reason) == ("police", "police", "shed")
            assert story.steps_s["queued"] < LAW_2_S
        told = await numbers_when(system, lambda told: told.shed > 0)
        assert told.value("calls_without_speech_total", cause="full") == CAPACITY == told.shed
        assert told.value("decided_calls_total", route="police", reason="shed") == CAPACITY
        assert told.value("listening_calls") == CAPACITY

        await asyncio.gather(*(caller.speak(sound) for caller in admitted))
        for caller in admitted:
            story = await system.story(caller, lambda s: s.queue is not None, 30)
            assert (story.queue, story.reason) == ("minsheng", "heard"), "admitted, and not heard out"
        told = await numbers_when(system, lambda told: told.value("listening_calls") == 0)
        assert told.value("decided_calls_total", route="minsheng", reason="heard") == CAPACITY
        assert told.value("call_decode_lag_seconds_count") == CAPACITY
        assert told.value("decoded_seconds_total") >= CAPACITY * len(sound) / 8000  # A-law: a byte a sample
        assert not [caller for caller in callers if caller.ended.is_set()], "somebody was hung up on"
