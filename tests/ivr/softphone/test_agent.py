import asyncio
from typing import Any

import pytest

from ivr.softphone import sdp
from ivr.softphone.address import NameAddr, SipUri
from ivr.softphone.agent import Agent
from ivr.softphone.caller import Caller
from ivr.softphone.dialog import Dialog
from ivr.softphone.endpoint import SipEndpoint
from ivr.softphone.errors import CallRejected, SipParseError
from ivr.softphone.message import Headers, SipRequest, SipResponse
from tests.ivr.softphone.sounds import tone

T1_S = 0.01  # fifty times faster than a real line; what is given up is given up after 0.64 s


def agent(**more: Any) -> Agent:
    return Agent("m201", t1_s=T1_S, **more)


def caller(to: Agent, **more: Any) -> Caller:
    return Caller(to.address, t1_s=T1_S, **more)


async def stranger(
    to: Agent, *pairs: tuple[str, str], body: bytes = b"", method: str = "INVITE"
) -> SipResponse:
    """Send an agent a request with some headers changed, and return the answer."""
    endpoint = await SipEndpoint.open(("127.0.0.1", 0), lambda _: None, lambda _: None, T1_S)
    try:
        us = NameAddr(str(SipUri(*endpoint.local, user="x")))
        request = Dialog.calling(us, NameAddr("sip:m201@h"), us.uri).request(method, (), body)
        headers = request.headers.replaced(("Content-Type", sdp.CONTENT_TYPE)).replaced(*pairs)
        _, response = await endpoint.ask(SipRequest(method, request.uri, headers, body), to.address)
        return response
    finally:
        endpoint.close()


async def test_an_agent_speaks_when_the_call_is_answered() -> None:
    async with agent(voice=tone(700, 0.3)) as them, caller(them) as us:
        await us.dial()
        await us.heard.until(lambda: us.heard.has_tone(700), 2)


async def test_an_agent_takes_several_calls_at_once() -> None:
    async with agent() as them, caller(them, number="1") as one, caller(them, number="2") as two:
        await asyncio.gather(one.dial(), two.dial())
        calls = {call.invite.number: call for call in (await them.next_call(1), await them.next_call(1))}
        assert set(calls) == {"1", "2"}
        await asyncio.gather(one.speak(tone(440, 0.2)), two.speak(tone(900, 0.2)))
        await calls["1"].heard.until(lambda: calls["1"].heard.has_tone(440), 1)
        await calls["2"].heard.until(lambda: calls["2"].heard.has_tone(900), 1)
        assert not calls["1"].heard.has_tone(900)
        await one.hang_up()
        await calls["1"].until_ended(1)
        assert not calls["2"].ended.is_set()


async def test_an_agent_lets_it_ring_for_a_while() -> None:
    async with agent(answer_after_s=0.15) as them, caller(them) as us:
        await us.dial()
        assert us.ringing_at is not None
        assert us.answered_at is not None
        assert us.answered_at - us.ringing_at >= 0.14


async def test_an_agent_declines_after_a_while() -> None:
    async with agent(answer_after_s=0.1, answer_code=480) as them, caller(them) as us:
        with pytest.raises(CallRejected) as refused:
            await us.dial()
        assert refused.value.code == 480
        assert (await them.next_call(1)).ended_by == "us"


async def test_a_call_is_answered_by_hand() -> None:
    async with agent(answer_after_s=None) as them, caller(them) as us:
        dialling = asyncio.create_task(us.dial())
        call = await them.next_call(1)
        speaking = asyncio.create_task(call.speak(tone(700, 0.2)))
        await asyncio.gather(call.answer(), call.answer())
        await dialling
        await call.answer()
        await speaking
        await us.heard.until(lambda: us.heard.has_tone(700), 1)


async def test_a_ringing_call_is_declined_by_hand() -> None:
    async with agent(answer_after_s=None) as them, caller(them) as us:
        dialling = asyncio.create_task(us.dial())
        call = await them.next_call(1)
        await call.hang_up()
        with pytest.raises(CallRejected) as refused:
            await dialling
        assert refused.value.code == 603
        await call.answer()
        assert not call.answered.is_set()


async def test_a_call_cancelled_while_it_rings_is_not_answered() -> None:
    async with agent(answer_after_s=2) as them, caller(them) as us:
        with pytest.raises(TimeoutError) as error:
            async with asyncio.timeout(0.1):
                await us.dial()
        assert error.value is not None
        call = await them.next_call(1)
        await call.until_ended(1)
        await asyncio.gather(*call._tasks)
        assert (call.cancelled, call.answered_at) == (True, None)


async def test_what_an_agent_does_to_a_cancelled_call_is_nothing() -> None:
    async with agent(answer_after_s=None) as them, caller(them) as us:
        dialling = asyncio.create_task(us.dial())
        call = await them.next_call(1)
        waiting = asyncio.gather(call.speak(tone(440, 60)), call.press("1"))
        await us.hang_up()
        async with asyncio.timeout(1):
            await waiting
        await call.hang_up()
        with pytest.raises(CallRejected):
            await dialling


async def test_closing_an_agent_ends_its_calls() -> None:
    async with agent() as them:
        us = caller(them)
        await us.__aenter__()
        await us.dial()
        ringing = caller(them)
        await ringing.__aenter__()
        them.answer_after_s = None
        dialling = asyncio.create_task(ringing.dial())
        await them.next_call(1)
        await them.next_call(1)
    await us.until_ended(1)
    with pytest.raises(CallRejected):
        await dialling
    await us.__aexit__(None, None, None)
    await ringing.__aexit__(None, None, None)
    assert not any(call._tasks for call in them.calls)


async def test_a_call_whose_answer_nobody_acknowledges_ends() -> None:
    async with agent() as them:
        response = await stranger(them, body=sdp.offer("127.0.0.1", 9, 1))
        assert response.code == 200
        await them.calls[0].until_ended(5)
        assert them.calls[0].ended_by == "us"


async def test_an_invite_without_an_offer_gets_ours() -> None:
    async with agent() as them:
        response = await stranger(them)
        assert response.code == 200
        assert sdp.parse(response.body).pcma_type == 8


@pytest.mark.parametrize(
    ("pairs", "body", "code"),
    [
        ((("Contact", ""),), b"", 400),
        ((("From", "nobody nowhere"),), b"", 400),
        ((("Call-ID", ""),), b"", 400),
        ((("Content-Type", "multipart/mixed"),), b"x", 400),
        ((), b"v=0\r\n", 488),
        ((("Require", "100rel"),), b"", 420),
        ((("To", "<sip:m201@h>;tag=old"),), b"", 481),
    ],
)
async def test_a_call_that_cannot_be_is_refused(
    pairs: tuple[tuple[str, str], ...], body: bytes, code: int
) -> None:
    async with agent() as them:
        assert (await stranger(them, *pairs, body=body)).code == code
        assert them.calls == ()


async def test_an_agent_answers_when_asked_whether_it_is_there() -> None:
    async with agent() as them:
        assert (await stranger(them, method="OPTIONS")).code == 200


async def test_waiting_for_a_call_has_an_end() -> None:
    async with agent() as them:
        with pytest.raises(TimeoutError):
            await them.next_call(0.01)


async def test_an_agent_has_an_address_when_it_is_open() -> None:
    them = agent()
    assert them.address == ("", 0)
    async with them:
        assert them.address[1] > 0


async def test_hostile_names_are_shown_as_they_are() -> None:
    name = '"; DROP TABLE calls; -- <sip:1@evil>\\'
    async with agent() as them, caller(them, display_name=name, number="1@2 3") as us:
        await us.dial()
        invite = (await them.next_call(1)).invite
        assert (invite.display_name, invite.number) == (name, "1@2 3")


async def test_a_caller_without_a_sip_address_has_no_number() -> None:
    async with agent() as them:
        await stranger(them, ("From", "<tel:110>;tag=1"))
        with pytest.raises(SipParseError):
            _ = them.calls[0].invite.number
        assert them.calls[0].invite.request.headers == Headers(them.calls[0].invite.request.headers.items)
