import asyncio
from typing import Self

import pytest

from ivr.softphone.address import SipUri
from ivr.softphone.agent import Agent
from ivr.softphone.caller import Caller
from ivr.softphone.digest import Credentials, verified
from ivr.softphone.endpoint import Exchange, SipEndpoint
from ivr.softphone.errors import RegistrationFailed
from ivr.softphone.message import SipRequest
from tests.ivr.softphone.lossy_relay import first, relay
from tests.ivr.softphone.sounds import tone

T1_S = 0.01  # fifty times faster than a real line; what is given up is given up after 0.64 s
WHO = Credentials("m201", "geheim")


class Registrar:
    """Knows one user; grants as many seconds as it is told."""

    def __init__(self, granted: str = "300") -> None:
        self.granted = granted
        self.registered: list[SipRequest] = []
        self.code = 200
        self.endpoint: SipEndpoint
        self.news = asyncio.Event()
        self._nonce = 0

    async def __aenter__(self) -> Self:
        self.endpoint = await SipEndpoint.open(("127.0.0.1", 0), self.on_request, lambda _: None, T1_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.endpoint.close()

    def on_request(self, exchange: Exchange) -> None:
        if not verified(WHO, exchange.request, f"n{self._nonce}"):
            self._nonce += 1  # a fresh one each time, as Asterisk does
            more = [("WWW-Authenticate", f'Digest realm="r", nonce="n{self._nonce}", qop="auth"')]
            exchange.respond(401, "Unauthorized", tag="t", more=more)
            return
        if self.code < 300:
            self.registered.append(exchange.request)
        contact = exchange.request.headers.get("Contact")
        more = [("Contact", f'{contact};expires={self.granted}, <sip:other@h>;expires="9"')]
        exchange.respond(self.code, "As told", tag="t", more=more)
        self.news.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.registered) < count:
                self.news.clear()
                await self.news.wait()


def agent(registrar: Registrar | tuple[str, int], secret: str = WHO.secret, lifetime_s: int = 300) -> Agent:
    address = registrar.endpoint.local if isinstance(registrar, Registrar) else registrar
    return Agent("m201", registrar=address, secret=secret, lifetime_s=lifetime_s, t1_s=T1_S)


async def test_an_agent_registers_where_it_can_be_called_and_says_goodbye() -> None:
    async with Registrar() as registrar:
        async with agent(registrar) as them:
            (request,) = registrar.registered
            host, port = them.address
            assert request.headers.get("Contact") == f"<sip:m201@{host}:{port}>"
            assert request.headers.get("Expires") == "300"
            assert request.uri == str(SipUri(*registrar.endpoint.local))
            async with Caller((host, port), t1_s=T1_S) as us:
                await us.dial("m201")
                await us.speak(tone(440, 0.1))
        assert registrar.registered[-1].headers.get("Expires") == "0"
        assert {request.headers.get("Call-ID") for request in registrar.registered} == {
            request.headers.get("Call-ID")
        }


async def test_a_registration_is_refreshed_before_it_ends() -> None:
    async with Registrar(granted="0") as registrar, agent(registrar) as them:
        await registrar.until(4)
        assert them.registration is not None
        assert them.registration.refreshes >= 2


async def test_a_refresh_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.softphone.registration.RETRY_S", 0.01)
    async with Registrar(granted="0") as registrar, agent(registrar):
        registrar.code = 503
        registrar.news.clear()
        async with asyncio.timeout(2):
            await registrar.news.wait()
        registrar.code = 200
        before = len(registrar.registered)
        await registrar.until(before + 2)


@pytest.mark.parametrize("start", [b"REGISTER", b"SIP/2.0 401", b"SIP/2.0 200"])
async def test_registering_over_a_bad_line(start: bytes) -> None:
    async with (
        Registrar() as registrar,
        relay(registrar.endpoint.local, first(2, start)) as line,
        agent(line.address),
    ):
        assert len(line.lost) == 2
        assert len(registrar.registered) == 1


async def test_a_wrong_secret_is_told() -> None:
    async with Registrar() as registrar:
        with pytest.raises(RegistrationFailed) as failed:
            async with agent(registrar, secret=WHO.secret + "x"):
                pass
        assert failed.value.code == 401
        assert registrar.registered == []


async def test_a_registrar_that_is_away_is_told() -> None:
    async with relay(("127.0.0.1", 9), lambda _: True) as line:
        with pytest.raises(RegistrationFailed) as failed:
            async with agent(line.address):
                pass
        assert failed.value.code == 408


async def test_a_registrar_that_went_away_does_not_hold_up_the_goodbye(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ivr.softphone.registration.GOODBYE_S", 0.05)
    registrar = Registrar()
    async with registrar, agent(registrar) as them:
        registrar.endpoint.close()
        async with asyncio.timeout(1):
            assert them.registration is not None
            await them.registration.close()
        await them.registration.close()


@pytest.mark.parametrize(("granted", "seconds"), [("120", 120.0), ("²", 300.0), ("-5", 300.0), ("", 300.0)])
async def test_what_was_granted_is_read(granted: str, seconds: float) -> None:
    async with Registrar() as registrar, agent(registrar) as them:
        assert them.registration is not None
        registrar.granted = granted
        assert await them.registration._register(300) == seconds
