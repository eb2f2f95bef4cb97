import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from ivr.softphone import endpoint as endpoint_module
from ivr.softphone.address import NameAddr, SipUri
from ivr.softphone.dialog import Dialog, cancel_of
from ivr.softphone.digest import Credentials, verified
from ivr.softphone.endpoint import Exchange, SipEndpoint
from ivr.softphone.message import SipRequest, SipResponse, serialise
from tests.ivr.softphone.lossy_relay import first, relay

T1_S = 0.01  # fifty times faster than a real line; what is given up is given up after 0.64 s
LOOPBACK = ("127.0.0.1", 0)


class Phone:
    """An endpoint that notes what it got and answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[Exchange] = []
        self.acks: list[SipRequest] = []
        self.answer: Callable[[Exchange], None] = lambda exchange: exchange.respond(200, "OK", tag="t")
        self.endpoint: SipEndpoint
        self.came = asyncio.Event()

    def on_request(self, exchange: Exchange) -> None:
        self.requests.append(exchange)
        self.came.set()
        self.answer(exchange)

    def on_ack(self, ack: SipRequest) -> None:
        self.acks.append(ack)

    def dialog(self, to: "Phone") -> Dialog:
        host, port = self.endpoint.local
        us, them = NameAddr(f"sip:us@{host}:{port}"), NameAddr(str(SipUri(*to.endpoint.local)))
        return Dialog.calling(us, them, us.uri)


async def opened() -> Phone:
    phone = Phone()
    phone.endpoint = await SipEndpoint.open(LOOPBACK, phone.on_request, phone.on_ack, t1_s=T1_S)
    return phone


@pytest.fixture
async def us() -> AsyncIterator[Phone]:
    phone = await opened()
    yield phone
    phone.endpoint.close()


@pytest.fixture
async def them() -> AsyncIterator[Phone]:
    phone = await opened()
    yield phone
    phone.endpoint.close()


async def until(condition: Callable[[], bool]) -> None:
    """Give datagrams time to arrive; loopback has no event of its own for "it was dropped"."""
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_question_is_answered(us: Phone, them: Phone) -> None:
    sent, response = await us.endpoint.ask(us.dialog(them).request("OPTIONS"), them.endpoint.local)
    assert (sent.method, response.code) == ("OPTIONS", 200)
    assert them.requests[0].source == us.endpoint.local


@pytest.mark.parametrize("start", [b"OPTIONS", b"SIP/2.0"])
async def test_what_is_lost_is_sent_again_but_asked_once(us: Phone, them: Phone, start: bytes) -> None:
    async with relay(them.endpoint.local, first(2, start)) as line:
        _, response = await us.endpoint.ask(us.dialog(them).request("OPTIONS"), line.address)
        assert response.code == 200
        assert len(line.lost) == 2
        assert len(line.starting(b"OPTIONS")) >= 3
    assert len(them.requests) == 1


async def test_silence_ends_in_408(us: Phone, them: Phone) -> None:
    async with relay(them.endpoint.local, lambda _: True) as line:
        _, response = await us.endpoint.ask(us.dialog(them).request("OPTIONS"), line.address)
        assert response.code == 408
        assert len(line.lost) >= 5


async def test_closing_ends_every_wait(us: Phone, them: Phone) -> None:
    them.answer = lambda _: None
    asking = us.endpoint.begin(us.dialog(them).request("OPTIONS"), them.endpoint.local)
    await them.came.wait()
    us.endpoint.close()
    assert (await asking.final).code == 408


async def test_ringing_is_told_as_it_happens(us: Phone, them: Phone) -> None:
    def ring(exchange: Exchange) -> None:
        exchange.respond(100, "Trying")
        exchange.respond(180, "Ringing", tag="t")
        exchange.respond(486, "Busy Here", tag="t")

    them.answer = ring
    heard: list[SipResponse] = []
    asking = us.endpoint.begin(us.dialog(them).request("INVITE"), them.endpoint.local, heard.append)
    assert (await asking.final).code == 486
    assert [response.code for response in heard] == [100, 180]


async def test_a_failure_is_repeated_until_its_ack_arrives(us: Phone, them: Phone) -> None:
    them.answer = lambda exchange: exchange.respond(486, "Busy Here", tag="t")
    async with relay(them.endpoint.local, first(2, b"ACK")) as line:
        asking = us.endpoint.begin(us.dialog(them).request("INVITE"), line.address)
        assert (await asking.final).code == 486
        await until(lambda: len(line.starting(b"ACK")) >= 3)
        assert len(line.starting(b"SIP/2.0 486")) >= 3
    assert them.acks == []  # hop by hop: the call above never sees it


async def test_a_success_is_repeated_until_its_ack_arrives(us: Phone, them: Phone) -> None:
    dialog = us.dialog(them)
    async with relay(them.endpoint.local, first(2, b"ACK")) as line:
        asking = us.endpoint.begin(dialog.request("INVITE"), line.address)
        response = await asking.final
        us.endpoint.acknowledge(asking, dialog.ack(response))
        await until(lambda: len(line.starting(b"ACK")) >= 3)
        await until(lambda: len(them.acks) >= 1)
        again = len(line.starting(b"SIP/2.0 200"))
        await asyncio.sleep(8 * T1_S)
        assert len(line.starting(b"SIP/2.0 200")) == again


async def test_a_success_that_nobody_acknowledges_is_reported(us: Phone, them: Phone) -> None:
    given_up = asyncio.Event()

    def answer(exchange: Exchange) -> None:
        exchange.on_unacknowledged = given_up.set
        exchange.respond(200, "OK", tag="t")

    them.answer = answer
    await us.endpoint.begin(us.dialog(them).request("INVITE"), them.endpoint.local).final
    async with asyncio.timeout(5):
        await given_up.wait()


async def test_a_cancel_reaches_its_invite(us: Phone, them: Phone) -> None:
    def ring(exchange: Exchange) -> None:
        exchange.on_cancel = lambda: exchange.respond(487, "Request Terminated", tag="t")
        exchange.respond(180, "Ringing", tag="t")

    them.answer = ring
    invite = us.dialog(them).request("INVITE")
    asking = us.endpoint.begin(invite, them.endpoint.local)
    await them.came.wait()
    _, response = await us.endpoint.ask(cancel_of(invite), them.endpoint.local)
    assert response.code == 200
    assert (await asking.final).code == 487


async def test_a_cancel_that_comes_too_late_changes_nothing(us: Phone, them: Phone) -> None:
    cancelled = []

    def answer(exchange: Exchange) -> None:
        exchange.on_cancel = lambda: cancelled.append(1)
        exchange.respond(200, "OK", tag="t")

    them.answer = answer
    invite = us.dialog(them).request("INVITE")
    await us.endpoint.begin(invite, them.endpoint.local).final
    _, response = await us.endpoint.ask(cancel_of(invite), them.endpoint.local)
    assert response.code == 200
    assert not cancelled


async def test_a_cancel_of_nothing_is_481(us: Phone, them: Phone) -> None:
    cancel = cancel_of(us.dialog(them).request("INVITE"))
    _, response = await us.endpoint.ask(cancel, them.endpoint.local)
    assert response.code == 481


async def test_a_challenge_is_met_with_everything_else_unchanged(us: Phone, them: Phone) -> None:
    who = Credentials("us", "geheim")

    def challenge(exchange: Exchange) -> None:
        if verified(who, exchange.request, "n1"):
            exchange.respond(200, "OK", tag="t")
        else:
            more = [("WWW-Authenticate", 'Digest realm="r", nonce="n1", qop="auth"')]
            exchange.respond(401, "Unauthorized", tag="t", more=more)

    them.answer = challenge
    request = us.dialog(them).request("REGISTER", [("X-Minsheng-Call", "1")])
    sent, response = await us.endpoint.ask(request, them.endpoint.local, who)
    assert response.code == 200
    assert sent.headers.get("X-Minsheng-Call") == "1"
    assert len(them.requests) == 2


async def test_wrong_credentials_are_tried_once(us: Phone, them: Phone) -> None:
    more = [("WWW-Authenticate", 'Digest realm="r", nonce="n1"')]
    them.answer = lambda exchange: exchange.respond(401, "Unauthorized", tag="t", more=more)
    request = us.dialog(them).request("REGISTER")
    _, response = await us.endpoint.ask(request, them.endpoint.local, Credentials("us", "falsch"))
    assert response.code == 401
    assert len(them.requests) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"BYE sip:x@y SIP/2.0\r\n\r\n",
        b"BYE sip:x@y SIP/2.0\r\nVia: nonsense\r\n\r\n",
        b"\xff" * 2000,
    ],
)
async def test_rubbish_is_counted_and_dropped(us: Phone, them: Phone, data: bytes) -> None:
    us.endpoint._send(data, them.endpoint.local)
    await until(lambda: them.endpoint.dropped == 1)
    _, response = await us.endpoint.ask(us.dialog(them).request("OPTIONS"), them.endpoint.local)
    assert response.code == 200


async def test_keep_alives_are_no_rubbish(us: Phone, them: Phone) -> None:
    for data in (b"\r\n\r\n", b"\x00" * 4, b""):
        us.endpoint._send(data, them.endpoint.local)
    await us.endpoint.ask(us.dialog(them).request("OPTIONS"), them.endpoint.local)
    assert them.endpoint.dropped == 0


async def test_answers_that_nobody_asked_for_are_ignored(us: Phone, them: Phone) -> None:
    stray = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKstray\r\nCSeq: 1 BYE\r\n\r\n"
    us.endpoint._send(stray, them.endpoint.local)
    await us.endpoint.ask(us.dialog(them).request("OPTIONS"), them.endpoint.local)
    assert them.endpoint.dropped == 0


async def test_a_request_whose_handler_finds_it_broken_is_400(us: Phone, them: Phone) -> None:
    def read(exchange: Exchange) -> None:
        NameAddr.parse(exchange.request.headers.get("Refer-To"))

    them.answer = read
    _, response = await us.endpoint.ask(us.dialog(them).request("REFER"), them.endpoint.local)
    assert response.code == 400


async def test_a_flood_is_dropped(us: Phone, them: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "MAX_TRANSACTIONS", 5)
    for _ in range(9):
        us.endpoint._send(serialise(us.dialog(them).request("OPTIONS")), them.endpoint.local)
    await until(lambda: them.endpoint.dropped == 4)
    assert len(them.requests) == 5


async def test_finished_transactions_are_forgotten(us: Phone, them: Phone) -> None:
    await us.endpoint.ask(us.dialog(them).request("OPTIONS"), them.endpoint.local)
    await until(lambda: not us.endpoint._asking and not them.endpoint._exchanges)
