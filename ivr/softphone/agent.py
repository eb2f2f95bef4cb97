"""Agents: phones that wait for Asterisk's INVITEs, answer, listen, speak, bring a call back to police."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ivr.softphone import pidf
from ivr.softphone.address import NameAddr, SipUri
from ivr.softphone.dialog import Dialog
from ivr.softphone.digest import Credentials
from ivr.softphone.endpoint import Address, Exchange, SipEndpoint
from ivr.softphone.errors import SdpError
from ivr.softphone.leg import Leg, audio_of, refuse_stray
from ivr.softphone.media import Media
from ivr.softphone.message import SipRequest
from ivr.softphone.multipart import BodyPart, parts_of
from ivr.softphone.registration import Registration
from ivr.softphone.ticker import Ticker
from ivr.softphone.transaction import T1_S


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an INVITE said, as it was read."""

    request: SipRequest
    caller: NameAddr
    parts: tuple[BodyPart, ...]

    @classmethod
    def of(cls, request: SipRequest) -> "Invitation":
        """Raises SipParseError."""
        return cls(request, NameAddr.parse(request.headers.get("From")), parts_of(request))

    @property
    def display_name(self) -> str:
        """The name an agent's phone would show."""
        return self.caller.display_name

    @property
    def number(self) -> str:
        """The number an agent's phone would show. Raises SipParseError for an address that is no sip: URI."""
        return SipUri.parse(self.caller.uri).user

    def header(self, name: str) -> str:
        """Return a header's first value, "" when there is none."""
        return self.request.headers.get(name)

    @property
    def pidf_lo(self) -> bytes:
        """The caller's location document, b"" when there is none."""
        return next((part.content for part in self.parts if part.content_type == pidf.CONTENT_TYPE), b"")


class AgentCall(Leg):
    """One call at an agent's phone, ringing or answered."""

    def __init__(self, agent: "Agent", exchange: Exchange, endpoint: SipEndpoint) -> None:
        """Take an INVITE. Raises SipParseError for one that no call can be made of."""
        super().__init__()
        self.invite = Invitation.of(exchange.request)
        self.rang_at = asyncio.get_running_loop().time()
        self.cancelled = False
        self._agent = agent
        self._exchange = exchange
        self._endpoint = endpoint
        self._peer = exchange.source
        self._dialog = Dialog.called(exchange.request, str(SipUri(*endpoint.local, user=agent.name)))
        exchange.on_cancel = self._on_cancel
        exchange.on_unacknowledged = self._on_unacknowledged
        self._respond(exchange, 180)
        self._spawn(self._ring())

    async def speak(self, alaw: bytes) -> None:
        """Say A-law sound once the call is answered; returns early when it ends."""
        await self._until_answered()
        if not self.ended.is_set():
            await super().speak(alaw)

    async def press(self, digits: str) -> None:
        """Press keys once the call is answered."""
        await self._until_answered()
        if not self.ended.is_set():
            await super().press(digits)

    async def answer(self) -> None:
        """Answer now (an agent with answer_after_s=None); nothing when it is answered or over already."""
        if self._media is not None or self.ended.is_set() or self._endpoint is None:
            return
        media = await Media.open(self._endpoint.local[0], self._agent.ticker, self.heard)
        if self._media is not None or self.ended.is_set():  # cancelled meanwhile
            media.close()
            return
        self._media = media
        try:
            body = self._negotiated(self._exchange.request)
        except SdpError:
            self._reject(488)
            return
        self._respond(self._exchange, 200, body)
        self._answered()
        if self._agent.voice:
            self._spawn(self.speak(self._agent.voice))

    async def hang_up(self) -> None:
        """End the call; one that still rings is declined (603)."""
        if self.answered.is_set():
            await super().hang_up()
        elif not self.ended.is_set():
            self._reject(603)

    def _reject(self, code: int) -> None:
        self._respond(self._exchange, code)
        self._end("us")

    async def _until_answered(self) -> None:
        waits = {asyncio.ensure_future(event.wait()) for event in (self.answered, self.ended)}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _ring(self) -> None:
        after_s = self._agent.answer_after_s
        if after_s is None:
            return
        try:
            async with asyncio.timeout(after_s):
                if after_s > 0:
                    await self.ended.wait()  # cancelled while it rang
        except TimeoutError:
            pass
        if self.ended.is_set() or self.answered.is_set():
            return
        if self._agent.answer_code >= 300:
            self._reject(self._agent.answer_code)
        else:
            await self.answer()

    def _on_cancel(self) -> None:
        self.cancelled = True
        self._respond(self._exchange, 487)
        self._end("them")

    def _on_unacknowledged(self) -> None:
        if self.answered.is_set():
            self._spawn(self.hang_up())  # RFC 3261 §13.3.1.4: nobody heard our 200, so there is no call


class Agent:
    """A phone on an agent's desk: `async with Agent("m201", port=5582) as agent: await agent.next_call(5)`.

    Asterisk reaches it as a static contact (sip:name@host:port), or it registers when `registrar` and `secret`
    are given. `answer_after_s=None` lets it ring for ever; `answer_code` >= 300 refuses; `voice` is
    A-law sound said once after answering. Several calls at once are fine.
    """

    def __init__(
        self,
        name: str,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        registrar: Address | None = None,
        secret: str = "",
        lifetime_s: int = 300,
        answer_after_s: float | None = 0.0,
        answer_code: int = 200,
        voice: bytes | None = None,
        ticker: Ticker | None = None,
        t1_s: float = T1_S,
    ) -> None:
        self.name = name
        self.answer_after_s = answer_after_s
        self.answer_code = answer_code
        self.voice = voice
        self.ticker = ticker or Ticker()
        self.registration: Registration | None = None
        self._calls: list[AgentCall] = []
        self._local = (host, port)
        self._registrar = registrar
        self._secret = secret
        self._lifetime_s = lifetime_s
        self._t1_s = t1_s
        self._endpoint: SipEndpoint | None = None
        self._ringing: asyncio.Queue[AgentCall] = asyncio.Queue()

    @property
    def calls(self) -> Sequence[AgentCall]:
        """All calls that ever came, in order."""
        return tuple(self._calls)

    @property
    def address(self) -> Address:
        """Host and port it listens on, (``""``, 0) before it is open."""
        return self._endpoint.local if self._endpoint is not None else ("", 0)

    async def __aenter__(self) -> Self:
        """Open the socket and register. Raises OSError, RegistrationFailed."""
        self._endpoint = await SipEndpoint.open(self._local, self._on_request, self._on_ack, t1_s=self._t1_s)
        if self._registrar is not None:
            who = Credentials(self.name, self._secret)
            self.registration = Registration(self._endpoint, self._registrar, who, self._lifetime_s)
            try:
                await self.registration.open()
            except BaseException:
                self._endpoint.close()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up all calls, leave the registrar, close the socket."""
        try:
            await asyncio.gather(*(call._close() for call in self._calls))  # noqa: SLF001 - its own calls
            if self.registration is not None:
                await self.registration.close()
        finally:
            if self._endpoint is not None:
                await self._endpoint.closed()

    async def next_call(self, timeout_s: float) -> AgentCall:
        """Return the next call that comes, as soon as it rings. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            return await self._ringing.get()

    def _on_request(self, exchange: Exchange) -> None:
        if any(call.receive(exchange) for call in self._calls):
            return
        request = exchange.request
        if request.headers.get("Require"):  # RFC 3261 §8.2.2.3: we know no extension
            exchange.respond(420, "Bad Extension", more=[("Unsupported", request.headers.get("Require"))])
            return
        if request.method != "INVITE" or NameAddr.parse(request.headers.get("To")).tag:
            refuse_stray(exchange)
            return
        if self._endpoint is None:
            return
        try:
            audio_of(request)
        except SdpError:
            exchange.respond(488, "Not Acceptable Here")
            return
        call = AgentCall(self, exchange, self._endpoint)
        self._calls.append(call)
        self._ringing.put_nowait(call)

    def _on_ack(self, ack: SipRequest) -> None:
        for call in self._calls:
            if call.receive_ack(ack):
                return
