"""What happens within an answered call: transfers, holding, stray requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ivr.softphone import sdp
from ivr.softphone.agent import Agent, AgentCall
from ivr.softphone.caller import Caller
from ivr.softphone.dialog import Dialog
from ivr.softphone.endpoint import Exchange, SipEndpoint
from ivr.softphone.errors import TransferFailed
from ivr.softphone.leg import Leg, reason_of
from ivr.softphone.message import SipRequest, SipResponse
from tests.ivr.softphone.lossy_relay import first, relay
from tests.ivr.softphone.sounds import tone

T1_S = 0.01  # fifty times faster than a real line; what is given up is given up after 0.64 s
HELD = sdp.AudioDescription("127.0.0.1", 9, direction=sdp.Direction.NONE)


@asynccontextmanager
async def answered(**more: Any) -> AsyncIterator[tuple[Caller, AgentCall]]:
    async with Agent("m201", t1_s=T1_S) as agent, Caller(agent.address, t1_s=T1_S, **more) as caller:
        await caller.dial()
        yield caller, await agent.next_call(1)


async def sends(leg: Leg, method: str, body: bytes = b"", **headers: str) -> SipResponse:
    """Let one end send any request, as a strange phone might."""
    assert leg._dialog is not None
    more = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if body:
        more.append(("Content-Type", sdp.CONTENT_TYPE))
    return await leg._ask(leg._dialog.request(method, more, body))


async def test_a_transfer_that_is_followed() -> None:
    async with answered() as (caller, call):
        await call.transfer("110")
        host, port = caller._endpoint.local if caller._endpoint else ("", 0)
        assert caller.referred_to == f"sip:110@{host}:{port}"
        await caller.until_ended(1)
        assert (call.ended_by, caller.ended_by) == ("us", "them")


async def test_a_transfer_to_a_whole_address() -> None:
    async with answered() as (caller, call):
        await call.transfer("sip:12345@192.0.2.1:5070")
        assert caller.referred_to == "sip:12345@192.0.2.1:5070"


async def test_a_transfer_that_is_refused() -> None:
    async with answered() as (caller, call):
        caller.refer_answer = 603
        with pytest.raises(TransferFailed) as failed:
            await call.transfer("110")
        assert (failed.value.code, failed.value.reason) == (603, "Decline")
        assert not call.ended.is_set()
        await call.speak(tone(700, 0.2))
        await caller.heard.until(lambda: caller.heard.has_tone(700), 1)


async def test_a_transfer_that_leads_nowhere() -> None:
    async with answered() as (caller, call):
        caller.refer_result = 486
        with pytest.raises(TransferFailed) as failed:
            await call.transfer("110")
        assert failed.value.code == 486
        assert not call.ended.is_set()


async def test_a_transfer_whose_result_never_comes() -> None:
    async with answered() as (caller, call):
        caller._requests["REFER"] = lambda exchange: caller._respond(exchange, 202)
        with pytest.raises(TransferFailed) as failed:
            await call.transfer("110", timeout_s=0.1)
        assert failed.value.code == 408


async def test_a_hang_up_is_a_result_too() -> None:
    async with answered() as (caller, call):

        def leave(exchange: Exchange) -> None:
            caller._respond(exchange, 202)
            caller._spawn(caller.hang_up())

        caller._requests["REFER"] = leave
        await call.transfer("110")
        assert call.ended_by == "them"


@pytest.mark.parametrize("start", [b"REFER", b"SIP/2.0 202", b"NOTIFY"])
async def test_a_transfer_over_a_bad_line(start: bytes) -> None:
    async with (
        Agent("m201", t1_s=T1_S) as agent,
        relay(agent.address, first(2, start)) as line,
        Caller(line.address, t1_s=T1_S) as caller,
    ):
        await caller.dial()
        call = await agent.next_call(1)
        await call.transfer("110")
        assert len(line.lost) == 2
        assert caller.referred_to is not None


async def test_a_refer_that_says_not_where_is_400() -> None:
    async with answered() as (caller, call):
        assert (await sends(call, "REFER")).code == 400
        assert caller.referred_to is None


async def test_being_held_and_taken_back() -> None:
    async with answered() as (caller, call):
        assert call._media is not None
        port = call._media.port
        response = await sends(call, "INVITE", sdp.answer(HELD, "127.0.0.1", port, 1))
        assert response.code == 200
        assert sdp.parse(response.body).direction is sdp.Direction.NONE
        assert caller.held
        await caller.speak(tone(440, 0.2))
        assert not call.heard.has_tone(440)
        assert (await sends(call, "UPDATE", sdp.offer("127.0.0.1", port, 1))).code == 200
        assert not caller.held
        await caller.speak(tone(440, 0.2))
        await call.heard.until(lambda: call.heard.has_tone(440), 1)


async def test_sound_that_moves_elsewhere() -> None:
    async with answered() as (caller, call), answered() as (_, other):
        assert other._media is not None
        await sends(call, "INVITE", sdp.offer("127.0.0.1", other._media.port, 1))
        await caller.speak(tone(900, 0.2))
        await other.heard.until(lambda: other.heard.has_tone(900), 1)
        assert not call.heard.has_tone(900)


async def test_an_invite_without_an_offer_gets_ours_and_the_ack_its_answer() -> None:
    async with answered() as (caller, call):
        assert call._endpoint is not None
        assert call._dialog is not None
        asking = call._endpoint.begin(call._dialog.request("INVITE"), call._peer)
        response = await asking.final
        offer = sdp.parse(response.body)
        assert caller._media is not None
        assert offer.port == caller._media.port
        assert call._media is not None
        ack = call._dialog.ack(response)
        body = sdp.answer(offer, "127.0.0.1", call._media.port, 1)
        headers = ack.headers.replaced(("Content-Type", sdp.CONTENT_TYPE))
        call._endpoint.acknowledge(asking, SipRequest("ACK", ack.uri, headers, body))
        await caller.speak(tone(440, 0.2))
        await call.heard.until(lambda: call.heard.has_tone(440), 1)
        assert not caller._offered


async def test_an_update_without_an_offer_changes_nothing() -> None:
    async with answered() as (_, call):
        response = await sends(call, "UPDATE")
        assert (response.code, response.body) == (200, b"")


async def test_an_offer_we_cannot_take_is_488_and_the_call_goes_on() -> None:
    async with answered() as (caller, call):
        body = sdp.offer("127.0.0.1", 9, 1).replace(b"PCMA", b"G729").replace(b"AVP 8", b"AVP 18")
        assert (await sends(call, "INVITE", body)).code == 488
        await caller.speak(tone(440, 0.2))
        await call.heard.until(lambda: call.heard.has_tone(440), 1)


@pytest.mark.parametrize(
    ("method", "code"), [("OPTIONS", 200), ("INFO", 200), ("NOTIFY", 200), ("MESSAGE", 405), ("PRACK", 405)]
)
async def test_other_requests_within_a_call(method: str, code: int) -> None:
    async with answered() as (caller, call):
        assert (await sends(call, method)).code == code
        assert (await sends(caller, method)).code == code


async def test_a_late_request_is_500() -> None:
    async with answered() as (_, call):
        assert call._dialog is not None
        call._dialog.local_sequence += 5
        assert (await sends(call, "INFO")).code == 200
        call._dialog.local_sequence -= 3
        assert (await sends(call, "INFO")).code == 500


async def test_after_the_end_there_is_no_call() -> None:
    async with answered() as (caller, call):
        await caller.hang_up()
        await call.until_ended(1)
        assert (await sends(call, "INFO")).code == 481
        assert (await sends(call, "BYE")).code == 200


@pytest.mark.parametrize(
    ("method", "tagged", "code"),
    [
        ("OPTIONS", False, 200),
        ("BYE", True, 481),
        ("NOTIFY", False, 481),
        ("INFO", True, 481),
        ("MESSAGE", False, 405),
        ("INVITE", True, 481),
    ],
)
async def test_requests_that_belong_to_no_call(method: str, code: int, *, tagged: bool) -> None:
    async with answered() as (caller, call):
        assert call._dialog is not None
        assert caller._endpoint is not None
        stranger = Dialog.calling(call._dialog.local, call._dialog.remote, call._dialog.contact)
        stranger.remote.params["tag"] = "stranger"
        if not tagged:
            stranger.remote.params.clear()
        endpoint = await SipEndpoint.open(("127.0.0.1", 0), lambda _: None, lambda _: None, T1_S)
        try:
            for address in (caller._endpoint.local, caller._peer):
                _, response = await endpoint.ask(stranger.request(method), address)
                assert response.code == code
        finally:
            endpoint.close()


async def test_a_caller_is_busy_for_others() -> None:
    async with answered() as (caller, _):
        assert caller._endpoint is not None
        async with Caller(caller._endpoint.local, t1_s=T1_S) as other:
            with pytest.raises(Exception, match="486"):
                await other.dial()


async def test_a_bye_that_nobody_hears_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.softphone.leg.BYE_WAIT_S", 0.1)
    async with (
        Agent("m201", t1_s=T1_S) as agent,
        relay(agent.address, lambda data: data.startswith(b"BYE")) as line,
    ):
        async with Caller(line.address, t1_s=T1_S) as caller:
            await caller.dial()
            async with asyncio.timeout(1):
                await caller.hang_up()
            assert caller.ended_by == "us"
        assert line.lost


def test_every_code_has_words() -> None:
    assert reason_of(486) == "Busy Here"
    assert reason_of(299) == "Unknown"
