"""Parts that die, freeze or are away: police in time, others do not notice, the record is whole."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from ivr.softphone.agent import Agent, AgentCall
from ivr.softphone.caller import Caller
from tests.asterisk_instance import free_port_run, free_ports
from tests.postgres_server import PostgresServer, private_postgres
from tests.telephony.conftest import SystemFactory
from tests.telephony.system import TONES, Phones, System, phones, press_when_greeted, started, tone, voice

LAW_2_S = 2.0
"""With every other part dead a caller is in the police queue within so many seconds."""
BURST_PIPE = "你好，我家的水管爆裂了，请派人来修一下"
ROBBERY = "快来人，我在公园门口被人抢劫了"
SLACK_S = 1.0
"""For a test machine that is doing other things: the ringing has to reach us, too."""


@pytest.fixture(autouse=True, scope="module")
def spoken() -> None:
    """Speaking takes a while; nobody shall wait for it in the middle of a call."""
    voice(BURST_PIPE, "m7")
    voice(ROBBERY, "f5")


async def police_rings(at: Phones, caller: Caller) -> tuple[AgentCall, float]:
    """Wait for the dispatcher's phone; seconds from the caller's answer to its ringing."""
    call = await at.police.next_call(30)
    assert caller.answered_at is not None
    return call, call.rang_at - caller.answered_at


async def hears_dispatcher(caller: Caller) -> None:
    await caller.heard.until(lambda: caller.heard.has_tone(TONES["p101"]), 10)


@asynccontextmanager
async def back_again(system: System) -> AsyncIterator[None]:
    """Afterwards a new node serves again."""
    since = len(system.log())
    try:
        yield
    finally:
        await asyncio.to_thread(system.wait_for_log, "node.ready", since=since, limit_s=60)


async def while_listened_to(at: Phones, system: System, number: str) -> Caller:
    """A caller who is in the dialogue and has been heard."""
    caller = at.caller(system, number=number)
    await caller.__aenter__()
    since = len(system.log())
    await caller.dial("110")
    await asyncio.to_thread(system.wait_for_log, "call.started", since=since)
    await caller.heard.until(lambda: caller.heard.rms() > 100, 10)
    return caller


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_a_call_that_comes_while_the_node_is_gone(system: System, blow: signal.Signals) -> None:
    number = f"1380001{blow.value:04d}"
    async with phones(system) as at, back_again(system):
        system.kill_node(blow)
        async with at.caller(system, number=number) as caller:
            await caller.dial("110")
            _, waited_s = await police_rings(at, caller)
            assert waited_s < LAW_2_S + SLACK_S
            await hears_dispatcher(caller)
            await caller.hang_up()
        await system.story_of_number(number, lambda s: "ended" in s.steps_s, limit_s=60)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_a_call_that_is_listened_to_when_the_node_goes(system: System, blow: signal.Signals) -> None:
    number = f"1380002{blow.value:04d}"
    async with phones(system) as at, back_again(system):
        caller = await while_listened_to(at, system, number)
        try:
            began = asyncio.get_running_loop().time()
            system.kill_node(blow)
            call = await at.police.next_call(30)
            # a frozen one is noticed by its pulse (1.5 s), a dead one at once
            assert call.rang_at - began < LAW_2_S + SLACK_S
            await hears_dispatcher(caller)
        finally:
            await caller.__aexit__(None, None, None)
        await system.story_of_number(number, lambda s: "ended" in s.steps_s, limit_s=60)


async def test_calls_that_are_talked_on_do_not_notice(system: System) -> None:
    async with phones(system) as at, back_again(system), at.caller(system, number="13800030001") as caller:
        await caller.dial("110")
        await press_when_greeted(caller, "1")
        call, _ = await police_rings(at, caller)
        await hears_dispatcher(caller)
        system.kill_node()
        since = asyncio.get_running_loop().time()
        await caller.speak(tone(700.0))
        await call.heard.until(lambda: call.heard.has_tone(700.0, since), 10)
        assert not caller.ended.is_set()
        await caller.hang_up()
        await system.story_of_number("13800030001", lambda s: "ended" in s.steps_s, limit_s=60)


async def test_the_parent_dies_and_the_next_one_goes_on(start_system: SystemFactory) -> None:
    """Asterisk lives on with its calls; new ones reach the police by the dialplan alone; nothing goes unrecorded."""
    lowest = free_port_run(2)
    ports = [lowest, lowest + 1]
    dispatchers = [
        {"name": f"p10{n}", "uri": f"sip:p10{n}@127.0.0.1:{port}"} for n, port in enumerate(ports, 1)
    ]
    system = start_system(asterisk={"police": dispatchers})
    async with phones(system) as at, Agent("p102", port=ports[1], answer_after_s=0.5) as second:
        talking = await while_listened_to(at, system, "13800040001")
        os.kill(system.process.pid, signal.SIGKILL)
        system.process.wait(10)
        first = await at.police.next_call(10)
        await hears_dispatcher(talking)
        async with at.caller(system, number="13800040002") as alone:
            await alone.dial("110")
            call = await second.next_call(10)  # the first rang there, too, until it was answered elsewhere
            if call.cancelled:
                call = await second.next_call(10)
            assert alone.answered_at is not None
            assert call.rang_at - alone.answered_at < LAW_2_S
            await call.answered.wait()
            await alone.hang_up()
        with started(
            system.folder, system.config, system.config_file
        ) as again:  # it stops Asterisk at its end
            assert "asterisk.adopted" in again.log()
            since = asyncio.get_running_loop().time()
            await talking.speak(tone(700.0))
            await first.heard.until(lambda: first.heard.has_tone(700.0, since), 10)
            await talking.hang_up()
            await talking.__aexit__(None, None, None)
            await again.story_of_number("13800040001", lambda s: "ended" in s.steps_s)
            missed = await again.story_of_number("13800040002", lambda s: "ended" in s.steps_s)
            assert (missed.queue, missed.member) == ("police", "PJSIP/p102"), "read in Asterisk's own logs"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with private_postgres(Path(__file__).resolve().parents[2] / "var" / "postgresql") as server:
        yield server


@pytest.mark.postgres
async def test_the_database_is_away(start_system: SystemFactory, postgres: PostgresServer) -> None:
    url = postgres.create_database()
    system = start_system(records={"url": url})
    postgres.stop()
    try:
        async with phones(system) as at, at.caller(system, number="13800050001") as caller:
            await caller.dial("110")
            await caller.speak(voice(BURST_PIPE, "m7"))
            await at.minsheng.next_call(20)
            await caller.hang_up()
    finally:
        postgres.start()
    story = await system.story_of_number("13800050001", lambda s: "ended" in s.steps_s, limit_s=60)
    assert (story.route, story.category) == ("minsheng", "water")
    assert story.faults == []


async def test_ami_is_away(start_system: SystemFactory) -> None:
    system = start_system()
    manager = system.folder / "var" / "asterisk" / "etc" / "manager.conf"
    original = manager.read_text(encoding="utf-8")
    # Moved to another port: with `enabled` switched off and on again, Asterisk 22.10.1 cancels a thread that is no
    # longer its own, often that of the very console which said `manager reload`.
    [elsewhere] = free_ports(1)
    manager.write_text(re.sub(r"(?m)^port = \d+", f"port = {elsewhere}", original), encoding="utf-8")
    await asyncio.to_thread(system.asterisk, "manager reload")
    shown = await asyncio.to_thread(system.asterisk, "manager show connected")
    for session in re.findall(r"(?m)^\s*minsheng110\s.*?\s(\d+)\s+\d+\s+\d+\s+\d+\s*$", shown):
        await asyncio.to_thread(system.asterisk, f"manager kick session {session}")
    await asyncio.to_thread(system.wait_for_log, "ami.lost")
    async with phones(system) as at, at.caller(system, number="13800060001") as caller:
        await caller.dial("110")
        await caller.speak(voice(ROBBERY, "f5"))
        await at.police.next_call(20)
        await hears_dispatcher(caller)
        await caller.hang_up()
    story = await system.story_of_number("13800060001", lambda s: s.route is not None)
    assert story.route == "police"
    manager.write_text(original, encoding="utf-8")
    gone = len(system.log())
    await asyncio.to_thread(system.asterisk, "manager reload")
    await asyncio.to_thread(system.wait_for_log, "ami.connected", since=gone)
    story = await system.story_of_number("13800060001", lambda s: "ended" in s.steps_s, limit_s=30)
    assert (story.route, story.queue, story.member) == ("police", "police", "PJSIP/p101"), (
        "read in Asterisk's logs"
    )


async def test_there_is_neither_a_speech_model_nor_a_port_for_the_numbers(
    start_system: SystemFactory,
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        system = start_system(speech={"model": "no-such-model"}, metrics={"port": other.getsockname()[1]})
        async with phones(system) as at, at.caller(system) as caller:
            await caller.dial("110")
            _, waited_s = await police_rings(at, caller)
            assert waited_s < LAW_2_S
            story = await system.story(caller, lambda s: s.member is not None)
            assert (story.route, story.reason) == ("police", "shed")
    assert "speech.missing" in system.log()
    assert "metrics.missing" in system.log()
