"""The softphone against the thing it is made for: a real Asterisk with the project's own dialplan.

The listening part is not running, so every call to 110 goes on to the police queue at once.
"""

import asyncio
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ivr.asterisk.settings import Member
from ivr.softphone.agent import Agent
from ivr.softphone.caller import Caller
from ivr.softphone.errors import CallRejected, CallTimeout, RegistrationFailed
from ivr.softphone.pidf import Circle, CivicAddress, document
from ivr.softphone.ticker import Ticker
from tests.asterisk_instance import (
    ROOT,
    AsteriskFactory,
    AsteriskInstance,
    free_port_run,
    free_ports,
)
from tests.ivr.softphone.sounds import tone

pytestmark = [pytest.mark.telephony, pytest.mark.timeout(180)]

SECRET = "geheim-genug"  # noqa: S105 - a phone in a test
EXTRA = """
[carrier](+)
exten => 7001,1,Dial(PJSIP/p101,20)
exten => 7002,1,Answer()
 same => n,Set(TRANSFERSTATUS=)
 same => n,TryExec(Transfer(sip:12345@127.0.0.1:5999))
 same => n,NoOp(REFERRED ${CALLERID(num)} ${TRANSFERSTATUS}/${TRANSFERSTATUSPROTOCOL})
 same => n,Hangup()
exten => 7003,1,Hangup(17)
exten => 7004,1,Dial(PJSIP/m201,20)
"""
Start = Callable[..., AsteriskInstance]


@pytest.fixture
def start(asterisk_factory: AsteriskFactory, tmp_path: Path) -> Start:
    """Call it to get an Asterisk whose dispatcher p101 and agent m201 register; a few numbers more than 110."""
    dialplans = tmp_path / "dialplans"
    shutil.copytree(ROOT / "dialplans", dialplans)
    (dialplans / "softphone.conf").write_text(EXTRA, encoding="utf-8")

    def make(**fields: Any) -> AsteriskInstance:
        phones = {
            "police": (Member(name="p101", uri=None, password=SecretStr(SECRET)),),
            "minsheng": (Member(name="m201", uri=None, password=SecretStr(SECRET)),),
        }
        return asterisk_factory(dialplans=dialplans, **{**phones, **fields})

    return make


def phone(instance: AsteriskInstance, name: str, **more: Any) -> Agent:
    return Agent(name, registrar=instance.sip_address, secret=SECRET, **more)


async def test_a_call_to_110_reaches_a_dispatcher(start: Start) -> None:
    instance = start()
    async with (
        phone(instance, "p101") as police,
        Caller(instance.sip_address, number="13900139000") as caller,
    ):
        await caller.dial("110")
        call = await police.next_call(5)
        assert call.invite.number == "13900139000"
        await asyncio.gather(caller.speak(tone(440, 0.5)), call.speak(tone(700, 0.5)))
        await call.heard.until(lambda: call.heard.has_tone(440), 3)
        await caller.heard.until(lambda: caller.heard.has_tone(700), 3)
        await caller.press("1*0#9")
        await call.heard.until(lambda: call.heard.digits == "1*0#9", 3)
        await call.press("5")
        await caller.heard.until(lambda: caller.heard.digits == "5", 3)
        await caller.hang_up()
        await call.until_ended(3)
        assert call.ended_by == "them"
    assert "0 active channels" in await asyncio.to_thread(instance.rx, "core show channels count")


async def test_a_dispatcher_at_a_fixed_address(start: Start) -> None:
    (port,) = free_ports(1)
    uri = f"sip:p101@127.0.0.1:{port}"
    instance = start(police=(Member(name="p101", uri=uri, password=None),))
    async with Agent("p101", port=port) as police, Caller(instance.sip_address) as caller:
        await caller.dial()
        call = await police.next_call(5)
        await call.answered.wait()
        await call.hang_up()
        await caller.until_ended(5)
        assert caller.ended_by == "them"


@pytest.mark.parametrize(
    "place",
    [
        Circle(39.9087, 116.4605, 30, 90),
        CivicAddress("福建省", "南平市", "邵武市", "五一路", "88"),
    ],
)
async def test_without_the_script_no_word_of_the_callers_document_reaches_the_dispatcher(
    start: Start, place: Circle | CivicAddress
) -> None:
    """What nobody has read and cleaned stays outside; tests/telephony has the way through the script."""
    instance = start()
    async with (
        phone(instance, "p101") as police,
        Caller(instance.sip_address, pidf_lo=document(place), display_name="张三") as caller,
    ):
        await caller.dial()
        invite = (await police.next_call(5)).invite
        assert invite.header("Geolocation") == ""
        assert invite.pidf_lo == b""
        assert not re.findall(r"39\.9087|五一路", repr(invite.request))
        assert invite.display_name.startswith("110")  # never what the caller wrote


async def test_a_wrong_password_is_refused_and_a_registration_is_renewed(start: Start) -> None:
    instance = start()
    with pytest.raises(RegistrationFailed) as failed:
        async with Agent("p101", registrar=instance.sip_address, secret=SECRET + "x"):
            pass
    assert failed.value.code == 401
    async with phone(instance, "p101") as police:
        host, port = police.address
        assert f"p101@{host}:{port}" in await asyncio.to_thread(instance.rx, "pjsip show contacts")
        assert police.registration is not None
        assert await police.registration._register(300) > 0  # a second time, with a new nonce
    assert "No objects found" in await asyncio.to_thread(instance.rx, "pjsip show contacts")


@pytest.mark.parametrize(
    ("answer", "result", "status"),
    [(202, 200, "SUCCESS/0"), (202, 486, "FAILURE/486"), (603, 0, "FAILURE/603")],
)
async def test_a_caller_is_referred_elsewhere(start: Start, answer: int, result: int, status: str) -> None:
    instance = start()
    async with Caller(instance.sip_address, number="13900139001") as caller:
        caller.refer_answer, caller.refer_result = answer, result
        await caller.dial("7002")
        await caller.until_ended(5)
        assert caller.referred_to == "sip:12345@127.0.0.1:5999"
    await asyncio.to_thread(instance.wait_for_message, f"REFERRED 13900139001 {status}")


async def test_an_agent_sends_a_caller_back_to_police(start: Start) -> None:
    instance = start()
    async with (
        phone(instance, "p101", voice=tone(700, 1)) as police,
        phone(instance, "m201", voice=tone(900, 1)) as minsheng,
        Caller(instance.sip_address) as caller,
    ):
        await caller.dial("7004")
        await caller.heard.until(lambda: caller.heard.has_tone(900), 5)
        call = await minsheng.next_call(5)
        await call.transfer("110")
        assert call.ended_by == "us"
        await (await police.next_call(5)).answered.wait()
        await caller.heard.until(lambda: caller.heard.has_tone(700), 5)
        assert not caller.ended.is_set()


async def test_a_call_that_nobody_answers_is_cancelled(start: Start) -> None:
    instance = start()
    async with (
        phone(instance, "p101", answer_after_s=None) as police,
        Caller(instance.sip_address) as caller,
    ):
        with pytest.raises(CallTimeout) as late:
            await caller.dial("7001", timeout_s=0.5)
        assert late.value.rang
        call = await police.next_call(1)
        await call.until_ended(3)
        assert call.cancelled


async def test_a_busy_line_says_so(start: Start) -> None:
    instance = start()
    async with Caller(instance.sip_address) as caller:
        with pytest.raises(CallRejected) as refused:
            await caller.dial("7003")
        assert refused.value.code == 486


async def test_thirty_callers_at_once_are_all_heard(start: Start) -> None:
    rtp = free_port_run(300)
    instance = start(rtp_start=rtp, rtp_end=rtp + 299)
    ticker = Ticker()
    async with phone(instance, "p101", ticker=ticker) as police:
        callers = [
            Caller(instance.sip_address, number=f"139{number:08d}", ticker=ticker) for number in range(30)
        ]
        await asyncio.gather(*(caller.__aenter__() for caller in callers))
        try:
            await asyncio.gather(*(caller.dial("7001", timeout_s=30) for caller in callers))
            # They speak until all are heard: on a machine with no time left, Asterisk drops what comes in bursts.
            speaking = [asyncio.create_task(caller.speak(tone(440, 60))) for caller in callers]
            for call in police.calls:
                since = asyncio.get_running_loop().time()
                await call.heard.until(
                    lambda call=call, since=since: call.heard.has_tone(440, since),  # type: ignore[misc]
                    60,
                )
            for task in speaking:
                task.cancel()
            await asyncio.gather(*speaking, return_exceptions=True)
            numbers = {call.invite.number for call in police.calls}
            assert numbers == {f"139{number:08d}" for number in range(30)}
        finally:
            await asyncio.gather(*(caller.__aexit__(None, None, None) for caller in callers))
        await asyncio.gather(*(call.until_ended(30) for call in police.calls))
