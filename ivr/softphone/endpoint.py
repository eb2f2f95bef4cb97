"""The SIP socket: sends requests until they are answered, answers those of others, drops what is no SIP."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import cast

import structlog

from ivr.softphone import digest
from ivr.softphone.dialog import response_to, retried
from ivr.softphone.digest import Credentials
from ivr.softphone.errors import SipParseError, SoftphoneError
from ivr.softphone.message import SipRequest, SipResponse, parse, serialise
from ivr.softphone.transaction import (
    T1_S,
    ClientTransaction,
    ServerTransaction,
    State,
    branch_of,
    method_of,
)

MAX_TRANSACTIONS = 4_096  # a flood must not eat the memory; thirty calls need about 200
Address = tuple[str, int]
_log = structlog.get_logger(__name__)


class Asking:
    """A request of ours on its way; `final` is its final answer (a made-up 408 when none came)."""

    def __init__(self, transaction: ClientTransaction, to: Address) -> None:
        self.transaction = transaction
        self.to = to
        self.final: asyncio.Future[SipResponse] = asyncio.get_running_loop().create_future()
        self.on_provisional: Callable[[SipResponse], None] | None = None
        self.timer: asyncio.TimerHandle | None = None


class Exchange:
    """A request of theirs, to be answered with respond(), perhaps several times (180, then 200)."""

    def __init__(self, endpoint: "SipEndpoint", transaction: ServerTransaction, source: Address) -> None:
        self.request = transaction.request
        self.source = source
        self.transaction = transaction
        self.on_cancel: Callable[[], None] | None = None
        self.on_unacknowledged: Callable[[], None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self._endpoint = endpoint

    def respond(
        self,
        code: int,
        reason: str,
        *,
        tag: str = "",
        more: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        """Answer; nothing happens after a final answer. Raises SipParseError, HeaderRefused."""
        response = response_to(self.request, code, reason, source=self.source, tag=tag, more=more, body=body)
        self._endpoint.send_response(self, response)


class SipEndpoint(asyncio.DatagramProtocol):
    """One UDP socket with its transactions. Made by open(), ended by close()."""

    def __init__(
        self, on_request: Callable[[Exchange], None], on_ack: Callable[[SipRequest], None], t1_s: float
    ) -> None:
        self.dropped = 0  # datagrams that were no SIP, or beyond our bounds
        self._on_request = on_request
        self._on_ack = on_ack
        self._t1_s = t1_s
        self._transport: asyncio.DatagramTransport | None = None
        self._asking: dict[tuple[str, str], Asking] = {}
        self._exchanges: dict[tuple[str, str, str], Exchange] = {}
        self.local: Address = ("", 0)
        self._gone = asyncio.Event()

    @classmethod
    async def open(
        cls,
        local: Address,
        on_request: Callable[[Exchange], None],
        on_ack: Callable[[SipRequest], None],
        t1_s: float = T1_S,
    ) -> "SipEndpoint":
        """Bind the address (port 0: a free one). Raises OSError."""
        _, endpoint = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(on_request, on_ack, t1_s), local_addr=local
        )
        return endpoint

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket; asyncio calls this."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.local = transport.get_extra_info("sockname")[:2]

    def connection_lost(self, error: Exception | None) -> None:
        """The port is free; asyncio calls this."""
        del error
        self._gone.set()

    async def closed(self) -> None:
        """Close, and wait until the port can be bound again."""
        self.close()
        await self._gone.wait()

    def close(self) -> None:
        """Free the port soon; whoever still waits for an answer gets 408."""
        for asking in self._asking.values():
            self._disarm(asking)
            self._settle(asking)
        for exchange in self._exchanges.values():
            self._disarm(exchange)
        self._asking.clear()
        self._exchanges.clear()
        if self._transport is not None:
            self._transport.close()

    def begin(
        self, request: SipRequest, to: Address, on_provisional: Callable[[SipResponse], None] | None = None
    ) -> Asking:
        """Send a request, repeating it as UDP needs; the answer arrives at `final`. Raises HeaderRefused."""
        asking = Asking(ClientTransaction(request, self._now(), self._t1_s), to)
        asking.on_provisional = on_provisional
        self._asking[asking.transaction.key] = asking
        self._send(asking.transaction.wire, to)
        self._arm(asking)
        return asking

    async def ask(
        self, request: SipRequest, to: Address, credentials: Credentials | None = None
    ) -> tuple[SipRequest, SipResponse]:
        """Send a request, again with credentials if asked for; return it as sent last, and its answer."""
        response = await self.begin(request, to).final
        second = self.authorised(request, response, credentials)
        if second is None:
            return request, response
        return second, await self.begin(second, to).final

    def authorised(
        self, request: SipRequest, response: SipResponse, credentials: Credentials | None
    ) -> SipRequest | None:
        """Return the second try of a request that was answered 401 or 407, if there is one to make."""
        header = digest.answer(credentials, request, response) if credentials else None
        return retried(request, self.local, header) if header else None

    def acknowledge(self, asking: Asking, ack: SipRequest) -> None:
        """ACK a 2xx, now and whenever it comes again."""
        wire = serialise(ack)
        asking.transaction.acknowledge(wire)
        self._send(wire, asking.to)

    def send_response(self, exchange: Exchange, response: SipResponse) -> None:
        """Answer a request; Exchange.respond() is the way in."""
        wire = exchange.transaction.respond(response, self._now())
        if wire is not None:
            self._send(wire, exchange.source)
        self._arm(exchange)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Read one datagram; asyncio calls this. Whatever is wrong with it, it is dropped and counted."""
        if not data.strip(b"\r\n\x00 "):
            return  # a keep-alive
        try:
            message = parse(data)
            if isinstance(message, SipResponse):
                self._receive_response(message)
            else:
                self._receive_request(message, addr)
        except SoftphoneError as error:
            self.dropped += 1
            _log.warning("sip.dropped", error=str(error), source=addr[0], bytes=len(data))

    def error_received(self, exc: Exception) -> None:
        """Note that the far end's port is closed; the transaction's time decides. asyncio calls this."""
        _log.debug("sip.refused", error=str(exc))

    def _receive_response(self, response: SipResponse) -> None:
        asking = self._asking.get((branch_of(response), method_of(response)))
        if asking is None:
            return
        news, reply = asking.transaction.receive(response, self._now())
        if reply is not None:
            self._send(reply, asking.to)
        self._arm(asking)
        if not news:
            return
        if response.code >= 200:
            if not asking.final.done():
                asking.final.set_result(response)
        elif asking.on_provisional is not None:
            asking.on_provisional(response)

    def _receive_request(self, request: SipRequest, source: Address) -> None:
        transaction = ServerTransaction(request, self._t1_s)
        branch, sent_by, method = transaction.key
        if method == "ACK":
            invited = self._exchanges.get((branch, sent_by, "INVITE"))
            if invited is not None:  # the ACK of a failure shares its INVITE's branch
                self._acknowledged(invited)
            else:
                self._ack_of_success(request)
            return
        known = self._exchanges.get(transaction.key)
        if known is not None:
            wire = known.transaction.receive_again()
            if wire is not None:
                self._send(wire, source)
            return
        exchange = Exchange(self, transaction, source)
        if len(self._exchanges) >= MAX_TRANSACTIONS:
            raise SipParseError(f"more than {MAX_TRANSACTIONS} requests at once; dropped")
        self._exchanges[transaction.key] = exchange
        try:
            if method == "CANCEL":
                self._cancel(exchange, self._exchanges.get((branch, sent_by, "INVITE")))
            else:
                self._on_request(exchange)
        except SipParseError as error:
            _log.warning("sip.bad_request", error=str(error), source=source[0])
            exchange.respond(400, "Bad Request")

    def _cancel(self, exchange: Exchange, invited: Exchange | None) -> None:
        if invited is None:
            exchange.respond(481, "Call/Transaction Does Not Exist")
            return
        exchange.respond(200, "OK")
        if invited.transaction.state is State.PROCEEDING and invited.on_cancel is not None:
            invited.on_cancel()

    def _ack_of_success(self, ack: SipRequest) -> None:
        call = ack.headers.get("Call-ID"), ack.headers.get("CSeq").split(" ")[0]
        for exchange in self._exchanges.values():
            headers = exchange.request.headers
            if exchange.request.method == "INVITE" and call == (
                headers.get("Call-ID"),
                headers.get("CSeq").split(" ")[0],
            ):
                self._acknowledged(exchange)
        self._on_ack(ack)

    def _acknowledged(self, exchange: Exchange) -> None:
        exchange.transaction.receive_ack()
        self._arm(exchange)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _send(self, wire: bytes, to: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(wire, to)

    def _arm(self, entry: Asking | Exchange) -> None:
        self._disarm(entry)
        if math.isfinite(entry.transaction.next_at):
            loop = asyncio.get_running_loop()
            entry.timer = loop.call_at(entry.transaction.next_at, self._due, entry)

    def _disarm(self, entry: Asking | Exchange) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None

    def _due(self, entry: Asking | Exchange) -> None:
        wire = entry.transaction.poll(self._now())
        if wire is not None:
            self._send(wire, entry.to if isinstance(entry, Asking) else entry.source)
        state = entry.transaction.state
        if state not in (State.OVER, State.TIMED_OUT):
            self._arm(entry)
        elif isinstance(entry, Asking):
            self._asking.pop(entry.transaction.key, None)
            self._settle(entry)
        else:
            self._exchanges.pop(entry.transaction.key, None)
            if state is State.TIMED_OUT and entry.on_unacknowledged is not None:
                entry.on_unacknowledged()

    def _settle(self, asking: Asking) -> None:
        if not asking.final.done():
            request = asking.transaction.request
            asking.final.set_result(response_to(request, 408, "Request Timeout"))  # RFC 3261 §8.1.3.1
