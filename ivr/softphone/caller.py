"""A caller: dials a number on a real Asterisk, speaks, listens, presses keys, hangs up."""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from ivr.softphone import multipart, pidf, sdp
from ivr.softphone.address import NameAddr, SipUri
from ivr.softphone.dialog import ALLOW, Dialog, cancel_of
from ivr.softphone.digest import Credentials
from ivr.softphone.endpoint import Address, Asking, Exchange, SipEndpoint
from ivr.softphone.errors import CallRejected, CallTimeout, NotInCall, SdpError, SipParseError
from ivr.softphone.leg import Leg, audio_of, refuse_stray
from ivr.softphone.media import Media
from ivr.softphone.message import Headers, SipRequest, SipResponse
from ivr.softphone.multipart import BodyPart
from ivr.softphone.ticker import Ticker
from ivr.softphone.transaction import T1_S, State

CANCEL_WAIT_S = 2.0  # how long the far end may take to confirm a CANCEL


class Caller(Leg):
    """One person with a phone, for one call: `async with Caller(server) as caller: await caller.dial()`.

    `pidf_lo` is a location document sent along with the INVITE (RFC 6442), `extra_headers` go into it as they
    are. Several callers of a process should share a `ticker`.
    """

    def __init__(
        self,
        server: Address,
        *,
        number: str = "13800138000",
        display_name: str | None = None,
        pidf_lo: bytes | None = None,
        extra_headers: Sequence[tuple[str, str]] = (),
        credentials: Credentials | None = None,
        ticker: Ticker | None = None,
        host: str = "127.0.0.1",
        t1_s: float = T1_S,
    ) -> None:
        super().__init__(credentials)
        self.ringing_at: float | None = None
        self.dialled_at: float | None = None
        self._peer = server
        self._number = number
        self._display_name = display_name or ""
        self._pidf_lo = pidf_lo
        self._extra_headers = tuple(extra_headers)
        self._ticker = ticker or Ticker()
        self._host = host
        self._t1_s = t1_s
        self._asking: Asking | None = None
        self._provisional = False
        self._unwanted = False  # we hung up while it rang
        self._cancel_sent = False

    async def __aenter__(self) -> Self:
        """Open both sockets. Raises OSError."""
        self._endpoint = await SipEndpoint.open(
            (self._host, 0), self._on_request, self._on_ack, t1_s=self._t1_s
        )
        try:
            self._media = await Media.open(self._host, self._ticker, self.heard)
        except OSError:
            self._endpoint.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up and close the sockets."""
        try:
            await self._close()
        finally:
            if self._endpoint is not None:
                await self._endpoint.closed()

    @property
    def call_id(self) -> str:
        """The SIP Call-ID, "" before dialling."""
        return self._dialog.call_id if self._dialog is not None else ""

    async def dial(self, dialled: str = "110", timeout_s: float = 5) -> None:
        """Call a number; returns when it has been answered.

        Raises CallRejected for a final failure, CallTimeout when nobody answered in that many seconds,
        HeaderRefused for extra headers that would break the INVITE.
        """
        if self._endpoint is None or self._media is None:
            raise NotInCall("open the caller first: `async with Caller(...) as caller`")
        if self._dialog is not None:
            raise NotInCall("a caller dials once; make another Caller")
        invite = self._invite(dialled, self._endpoint, self._media)
        self.dialled_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._invited(self._endpoint, invite)
        except TimeoutError:
            await self._give_up(self._endpoint)
            raise CallTimeout(dialled, timeout_s, rang=self._provisional) from None
        except asyncio.CancelledError:
            await asyncio.shield(self._give_up(self._endpoint))
            raise
        if self._asking is not None and self._asking.transaction.state is State.TIMED_OUT:
            self._end("us")
            raise CallTimeout(
                dialled, timeout_s, rang=False
            )  # nobody ever said anything: no answer, not a 408
        if response.code >= 300:
            self._end("us" if self._unwanted else "them")
            raise CallRejected(response.code, response.reason)
        await self._settle(self._endpoint, response)
        if self._unwanted:  # answered while our CANCEL was on its way
            await super().hang_up()
            raise CallRejected(487, "hung up while it rang")

    async def hang_up(self) -> None:
        """End the call, also one that still rings (then dial() raises CallRejected with 487)."""
        if self._asking is not None and not self.answered.is_set():
            if self._endpoint is not None and not self.ended.is_set():
                await self._cancelled(self._endpoint)
                await asyncio.wait({self._asking.final}, timeout=CANCEL_WAIT_S)
            return
        await super().hang_up()

    def _invite(self, dialled: str, endpoint: SipEndpoint, media: Media) -> SipRequest:
        host, port = endpoint.local
        target = SipUri(*self._peer, user=dialled)
        us = NameAddr(str(SipUri(host, port, self._number)), self._display_name)
        self._dialog = Dialog.calling(us, NameAddr(str(target)), us.uri)
        more = [("Allow", ALLOW), *self._extra_headers]
        body, content_type = sdp.offer(host, media.port, self._session), sdp.CONTENT_TYPE
        if self._pidf_lo is not None:
            location = f"{secrets.token_hex(8)}@{host}"
            more += [("Geolocation", f"<cid:{location}>"), ("Geolocation-Routing", "yes")]
            place = [("Content-Type", pidf.CONTENT_TYPE), ("Content-ID", f"<{location}>")]
            parts = [
                BodyPart(Headers.of([("Content-Type", content_type)]), body),
                BodyPart(Headers.of(place), self._pidf_lo),
            ]
            content_type, body = multipart.join(parts)
        more.append(("Content-Type", content_type))
        return self._dialog.request("INVITE", more, body)

    async def _invited(self, endpoint: SipEndpoint, invite: SipRequest) -> SipResponse:
        self._asking = endpoint.begin(invite, self._peer, self._on_provisional)
        response = await asyncio.shield(self._asking.final)
        second = endpoint.authorised(invite, response, self._credentials)
        if second is None:
            return response
        if self._dialog is not None:
            self._dialog.local_sequence += 1
        self._asking = endpoint.begin(second, self._peer, self._on_provisional)
        return await asyncio.shield(self._asking.final)

    def _on_provisional(self, response: SipResponse) -> None:
        self._provisional = True
        if self._unwanted and self._endpoint is not None:
            self._cancel(self._endpoint)
        if response.code == 180 and self.ringing_at is None:
            self.ringing_at = asyncio.get_running_loop().time()
        with contextlib.suppress(SdpError):  # only the final answer has to be right
            self._hear_of(audio_of(response))  # early media: the network speaks before anybody answers

    async def _cancelled(self, endpoint: SipEndpoint) -> SipResponse | None:
        """Give the INVITE up; return its final answer, which may be a 200 that crossed our CANCEL."""
        self._unwanted = True
        asking = self._asking
        if asking is None:
            return None
        # RFC 3261 §9.1: before anybody has answered anything there is nothing to cancel; _on_provisional() will.
        if self._provisional and not asking.final.done():
            self._cancel(endpoint)
            await asyncio.wait({asking.final}, timeout=CANCEL_WAIT_S)
        return asking.final.result() if asking.final.done() else None

    def _cancel(self, endpoint: SipEndpoint) -> None:
        if self._asking is not None and not self._cancel_sent:
            self._cancel_sent = True
            endpoint.begin(cancel_of(self._asking.transaction.request), self._peer)

    async def _give_up(self, endpoint: SipEndpoint) -> None:
        """Cancel the call; one that was answered at that very moment is acknowledged and hung up."""
        response = await self._cancelled(endpoint)
        if response is not None and response.code < 300:
            await self._settle(endpoint, response)
            await super().hang_up()
        self._end("us")

    async def _settle(self, endpoint: SipEndpoint, response: SipResponse) -> None:
        """Acknowledge a 2xx and begin to talk. Raises SdpError, after hanging up, when it has no sound."""
        if self._dialog is None or self._asking is None:
            raise NotInCall("nothing was dialled")
        self._dialog.established(response)
        endpoint.acknowledge(self._asking, self._dialog.ack(response))
        try:
            self._hear_of(sdp.parse(multipart.content_of(response, sdp.CONTENT_TYPE)))
        except (SdpError, SipParseError):
            await super().hang_up()
            raise
        self._answered()

    def _on_request(self, exchange: Exchange) -> None:
        if not self.receive(exchange):
            refuse_stray(exchange)

    def _on_ack(self, ack: SipRequest) -> None:
        self.receive_ack(ack)
