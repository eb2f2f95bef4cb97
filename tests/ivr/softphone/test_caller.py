"""Callers and agents with nothing between them; with a real Asterisk between them: test_asterisk.py."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ivr.softphone import pidf, sdp
from ivr.softphone.address import SipUri
from ivr.softphone.agent import Agent
from ivr.softphone.caller import Caller
from ivr.softphone.digest import Credentials, verified
from ivr.softphone.endpoint import Exchange, SipEndpoint
from ivr.softphone.errors import CallRejected, CallTimeout, HeaderRefused, NotInCall, SdpError
from ivr.softphone.ticker import Ticker
from tests.ivr.softphone.lossy_relay import first, relay
from tests.ivr.softphone.sounds import tone

T1_S = 0.01  # fifty times faster than a real line; what is given up is given up after 0.64 s


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    async with Agent("p101", t1_s=T1_S) as made:
        yield made


def caller(to: Agent | tuple[str, int], **more: Any) -> Caller:
    return Caller(to.address if isinstance(to, Agent) else to, t1_s=T1_S, **more)


async def test_a_call_from_the_first_ring_to_the_last_word(agent: Agent) -> None:
    async with caller(agent, number="13900139000", display_name='张三 "小"') as us:
        await us.dial("110")
        call = await agent.next_call(1)
        assert (call.invite.number, call.invite.display_name) == ("13900139000", '张三 "小"')
        assert call.invite.request.uri.startswith("sip:110@")
        assert us.dialled_at is not None
        assert us.answered_at is not None
        assert us.ringing_at is not None
        assert us.dialled_at <= us.ringing_at <= us.answered_at
        await asyncio.gather(us.speak(tone(440, 0.3)), call.speak(tone(700, 0.3)))
        await call.heard.until(lambda: call.heard.has_tone(440), 2)
        await us.heard.until(lambda: us.heard.has_tone(700), 2)
        await us.press("*0")
        await call.press("7")
        await call.heard.until(lambda: call.heard.digits == "*0", 1)
        await us.heard.until(lambda: us.heard.digits == "7", 1)
        await us.hang_up()
        await call.until_ended(1)
    assert (us.ended_by, call.ended_by) == ("us", "them")


async def test_the_far_end_hangs_up_in_mid_sentence(agent: Agent) -> None:
    async with caller(agent) as us:
        await us.dial()
        call = await agent.next_call(1)
        speaking = asyncio.create_task(us.speak(tone(440, 60)))
        await call.heard.until(lambda: call.heard.has_tone(440), 2)
        await call.hang_up()
        async with asyncio.timeout(1):
            await speaking
        assert us.ended_by == "them"
        assert us.ended_at is not None
        await us.speak(b"more")
        await us.hang_up()
        assert us.ended_by == "them"


async def test_leaving_the_block_hangs_up(agent: Agent) -> None:
    async with caller(agent) as us:
        await us.dial()
    await (await agent.next_call(1)).until_ended(1)
    assert us.ended_by == "us"


async def test_an_error_in_the_block_hangs_up_too(agent: Agent) -> None:
    async def fails() -> None:
        async with caller(agent) as us:
            await us.dial()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    await (await agent.next_call(1)).until_ended(1)


async def test_nothing_is_left_behind(agent: Agent) -> None:
    ticker = Ticker()
    async with caller(agent, ticker=ticker) as us:
        await us.dial()
        us._spawn(us.speak(tone(440, 60)))
    assert ticker._timer is None
    assert not us._tasks
    assert asyncio.all_tasks() == {asyncio.current_task(), *agent.calls[0]._tasks}


async def test_a_location_goes_along_with_the_invite(agent: Agent) -> None:
    document = pidf.document(pidf.Circle(39.9087, 116.4605, 30))
    async with caller(agent, pidf_lo=document, extra_headers=[("X-Minsheng-Call", "a b")]) as us:
        await us.dial()
        invite = (await agent.next_call(1)).invite
        assert invite.pidf_lo == document
        assert invite.header("x-minsheng-call") == "a b"
        reference = invite.header("Geolocation").removeprefix("<cid:").removesuffix(">")
        (part,) = [part for part in invite.parts if part.content_type == pidf.CONTENT_TYPE]
        assert part.headers.get("Content-ID") == f"<{reference}>"
        await us.speak(tone(440, 0.2))
        await agent.calls[0].heard.until(lambda: agent.calls[0].heard.has_tone(440), 2)


async def test_without_a_location_none_is_claimed(agent: Agent) -> None:
    async with caller(agent) as us:
        await us.dial()
        invite = (await agent.next_call(1)).invite
        assert (invite.pidf_lo, invite.header("Geolocation")) == (b"", "")


async def test_a_header_that_breaks_the_invite_is_refused(agent: Agent) -> None:
    async with caller(agent, extra_headers=[("X-Minsheng-Call", "a\r\nVia: b")]) as us:
        with pytest.raises(HeaderRefused):
            await us.dial()
    assert agent.calls == ()


async def test_an_agent_who_declines() -> None:
    async with Agent("p101", answer_code=486) as agent, caller(agent) as us:
        with pytest.raises(CallRejected) as refused:
            await us.dial()
        assert (refused.value.code, refused.value.reason) == (486, "Busy Here")
        assert (us.ended_by, us.answered_at) == ("them", None)


async def test_an_agent_who_lets_it_ring() -> None:
    async with Agent("p101", answer_after_s=None) as agent, caller(agent) as us:
        with pytest.raises(CallTimeout) as late:
            await us.dial(timeout_s=0.2)
        assert late.value.rang
        call = await agent.next_call(1)
        await call.until_ended(1)
        assert call.cancelled
        assert (us.ended_by, call.ended_by, call.answered_at) == ("us", "them", None)


async def test_nobody_at_all_is_there() -> None:
    async with relay(("127.0.0.1", 9), lambda _: True) as line, caller(line.address) as us:
        with pytest.raises(CallTimeout) as late:
            await us.dial(timeout_s=0.2)
        assert not late.value.rang
        assert line.starting(b"CANCEL") == []
        assert len(line.starting(b"INVITE")) >= 3


async def test_a_call_that_nobody_hears_of_is_given_up_before_patience_ends() -> None:
    async with relay(("127.0.0.1", 9), lambda _: True) as line, caller(line.address) as us:
        with pytest.raises(CallTimeout) as late:
            await us.dial(timeout_s=30)
        assert not late.value.rang
        assert us.ended_by == "us"


async def test_hanging_up_while_it_rings() -> None:
    async with Agent("p101", answer_after_s=None) as agent, caller(agent) as us:
        dialling = asyncio.create_task(us.dial(timeout_s=5))
        call = await agent.next_call(1)
        await us.hang_up()
        with pytest.raises(CallRejected) as refused:
            await dialling
        assert refused.value.code == 487
        assert (call.cancelled, us.ended_by) == (True, "us")


async def test_giving_up_while_dialling_cancels_the_call() -> None:
    async with Agent("p101", answer_after_s=None) as agent, caller(agent) as us:
        dialling = asyncio.create_task(us.dial(timeout_s=5))
        call = await agent.next_call(1)
        dialling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dialling
        await call.until_ended(1)
        assert call.cancelled


async def test_an_answer_that_crosses_the_cancel_is_hung_up() -> None:
    async with (
        Agent("p101", answer_after_s=None, t1_s=T1_S) as agent,
        relay(agent.address, lambda data: data.startswith(b"CANCEL")) as line,
        caller(line.address) as us,
    ):
        dialling = asyncio.create_task(us.dial(timeout_s=0.1))
        call = await agent.next_call(1)
        async with asyncio.timeout(2):
            while not line.lost:
                await asyncio.sleep(0.001)
        await call.answer()
        with pytest.raises(CallTimeout):
            await dialling
        await call.until_ended(1)
        assert call.answered_at is not None
        assert not call.cancelled


async def test_a_number_is_dialled_once(agent: Agent) -> None:
    async with caller(agent) as us:
        await us.dial()
        with pytest.raises(NotInCall):
            await us.dial()


async def test_there_is_no_speaking_without_a_call(agent: Agent) -> None:
    unopened = caller(agent)
    with pytest.raises(NotInCall):
        await unopened.dial()
    async with caller(agent) as us:
        for action in (us.speak(b"x"), us.press("1"), us.transfer()):
            with pytest.raises(NotInCall):
                await action
        with pytest.raises(NotInCall):
            us.mute()
        await us.hang_up()
        assert us.call_id == ""


async def test_a_muted_caller_sends_nothing(agent: Agent) -> None:
    async with caller(agent) as us:
        await us.dial()
        call = await agent.next_call(1)
        await call.heard.until(lambda: len(call.heard.arrivals()) > 3, 1)
        us.mute()
        await call.speak(bytes(160) * 3)
        before = len(call.heard.arrivals())
        await call.speak(bytes(160) * 5)
        assert len(call.heard.arrivals()) == before
        us.mute(muted=False)
        await call.heard.until(lambda: len(call.heard.arrivals()) > before, 1)


@pytest.mark.parametrize("start", [b"INVITE", b"SIP/2.0 200", b"ACK", b"SIP/2.0 180", b"BYE"])
async def test_no_single_loss_stops_a_call(agent: Agent, start: bytes) -> None:
    async with relay(agent.address, first(2, start)) as line, caller(line.address) as us:
        await us.dial()
        call = await agent.next_call(1)
        await us.speak(tone(440, 0.2))
        await call.heard.until(lambda: call.heard.has_tone(440), 2)
        await us.hang_up()
        await call.until_ended(1)
        assert 1 <= len(line.lost) <= 2  # a 180 is not repeated unless the INVITE is
    assert len(agent.calls) == 1


async def test_a_call_over_a_line_that_loses_a_third(agent: Agent) -> None:
    count = [0]

    def loses(_: bytes) -> bool:
        count[0] += 1
        return count[0] % 3 == 0

    async with relay(agent.address, loses) as line:
        for _ in range(3):
            async with caller(line.address) as us:
                await us.dial()
                call = await agent.next_call(1)
                await us.speak(tone(440, 0.1))
                await us.hang_up()
                await call.until_ended(2)
    assert len(agent.calls) == 3


class Server:
    """A SIP server made from the same pieces: asks for credentials, then answers like a phone."""

    def __init__(self, who: Credentials, code: int) -> None:
        self.invites: list[Exchange] = []
        self.endpoint: SipEndpoint
        self._who = who
        self._code = code

    def on_request(self, exchange: Exchange) -> None:
        header = "Authorization" if self._code == 401 else "Proxy-Authorization"
        if exchange.request.method == "INVITE":
            self.invites.append(exchange)
        if not verified(self._who, exchange.request, "n1", header):
            name = "WWW-Authenticate" if self._code == 401 else "Proxy-Authenticate"
            more = [(name, 'Digest realm="r", nonce="n1", qop="auth"')]
            exchange.respond(self._code, "Who are you", tag="t", more=more)
            return
        more = [("Contact", f"<{SipUri(*self.endpoint.local)}>"), ("Content-Type", sdp.CONTENT_TYPE)]
        exchange.respond(200, "OK", tag="t", more=more, body=sdp.offer("127.0.0.1", 9, 1))


@pytest.mark.parametrize("code", [401, 407])
async def test_credentials_are_given_when_asked_for(code: int) -> None:
    server = Server(Credentials("u", "geheim"), code)
    server.endpoint = await SipEndpoint.open(("127.0.0.1", 0), server.on_request, lambda _: None, T1_S)
    document = pidf.document(pidf.Circle(1, 2, 3))
    try:
        who = Credentials("u", "geheim")
        async with caller(server.endpoint.local, credentials=who, pidf_lo=document) as us:
            await us.dial()
            assert us.answered_at is not None
            first_try, second_try = (exchange.request for exchange in server.invites)
            assert first_try.body == second_try.body
            assert second_try.headers.get("Geolocation") == first_try.headers.get("Geolocation") != ""
        async with caller(server.endpoint.local, credentials=Credentials("u", "falsch")) as us:
            with pytest.raises(CallRejected) as refused:
                await us.dial()
            assert refused.value.code == code
    finally:
        server.endpoint.close()


@pytest.mark.parametrize("body", [b"", b"v=0\r\nm=audio 9 RTP/AVP 0\r\n"])
async def test_an_answer_without_sound_is_hung_up(body: bytes) -> None:
    methods = []

    def on_request(exchange: Exchange) -> None:
        methods.append(exchange.request.method)
        more = [("Contact", "<sip:s@127.0.0.1:9>"), ("Content-Type", sdp.CONTENT_TYPE)]
        exchange.respond(200, "OK", tag="t", more=more, body=body)

    endpoint = await SipEndpoint.open(("127.0.0.1", 0), on_request, lambda _: None, T1_S)
    try:
        async with caller(endpoint.local) as us:
            with pytest.raises(SdpError):
                await us.dial()
            assert us.ended_by == "us"
    finally:
        endpoint.close()
    assert methods == ["INVITE", "BYE"]


async def test_early_media_is_heard() -> None:
    async with Agent("sound") as source, caller(source) as helper:
        await helper.dial()
        exchanges: list[Exchange] = []
        endpoint = await SipEndpoint.open(("127.0.0.1", 0), exchanges.append, lambda _: None, T1_S)
        try:
            async with caller(endpoint.local) as us:
                dialling = asyncio.create_task(us.dial(timeout_s=3))
                async with asyncio.timeout(2):
                    while not exchanges:
                        await asyncio.sleep(0.001)
                assert helper._media is not None
                body = sdp.offer("127.0.0.1", helper._media.port, 1)
                more = [("Content-Type", sdp.CONTENT_TYPE)]
                exchanges[0].respond(183, "Session Progress", tag="t", more=more, body=b"nonsense")
                exchanges[0].respond(183, "Session Progress", tag="t", more=more, body=body)
                await helper.heard.until(lambda: len(helper.heard.arrivals()) > 20, 2)
                exchanges[0].respond(503, "Service Unavailable", tag="t")
                with pytest.raises(CallRejected):
                    await dialling
        finally:
            endpoint.close()


async def test_thirty_callers_at_once() -> None:
    ticker = Ticker()
    async with Agent("p101", ticker=ticker) as agent:
        numbers = [f"138{number:08d}" for number in range(30)]
        callers = [Caller(agent.address, number=number, ticker=ticker) for number in numbers]
        async with asyncio.TaskGroup() as opening:
            for us in callers:
                opening.create_task(us.__aenter__())
        try:
            await asyncio.gather(*(us.dial(timeout_s=20) for us in callers))
            speaking = [asyncio.create_task(us.speak(tone(440, 60))) for us in callers]
            calls = agent.calls
            assert len(calls) == 30
            for call in calls:
                since = asyncio.get_running_loop().time()
                await call.heard.until(
                    lambda call=call, since=since: call.heard.has_tone(440, since),  # type: ignore[misc]
                    60,
                )
            for task in speaking:
                task.cancel()
            await asyncio.gather(*speaking, return_exceptions=True)
            assert {call.invite.number for call in calls} == set(numbers)
        finally:
            await asyncio.gather(*(us.__aexit__(None, None, None) for us in callers))
        await asyncio.gather(*(call.until_ended(30) for call in calls))
