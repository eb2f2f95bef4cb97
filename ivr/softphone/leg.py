"""An answered call, whoever dialled it: sound both ways, hanging up, being transferred and transferring.

`Caller` and `AgentCall` are legs that differ only in how they come to be answered.
"""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import structlog

from ivr.softphone import multipart, sdp
from ivr.softphone.address import NameAddr, SipUri
from ivr.softphone.dialog import ALLOW, Dialog
from ivr.softphone.digest import Credentials
from ivr.softphone.endpoint import Address, Exchange, SipEndpoint
from ivr.softphone.errors import NotInCall, SdpError, TransferFailed
from ivr.softphone.media import Media
from ivr.softphone.message import SipMessage, SipRequest, SipResponse
from ivr.softphone.recording import Recording

BYE_WAIT_S = 2.0  # how long hang_up() waits to be heard; the call is over for us either way
_REASONS = {  # RFC 3261 §21, RFC 3515 §2.4.2
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}
_log = structlog.get_logger(__name__)
_SIPFRAG = re.compile(rb"SIP/2\.0 ([1-6][0-9]{2})(?: ([^\r\n]*))?")


def reason_of(code: int) -> str:
    """Return the usual words for a status code (RFC 3261 §21)."""
    return _REASONS.get(code, "Unknown")


def audio_of(message: SipMessage) -> sdp.AudioDescription | None:
    """Return the audio a message describes, None without SDP. Raises SdpError, SipParseError."""
    body = multipart.content_of(message, sdp.CONTENT_TYPE)
    return sdp.parse(body) if body else None


class Leg:
    """One call. `heard` fills while it lasts; times are the event loop's clock in seconds."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self.heard = Recording()
        self.answered = asyncio.Event()
        self.answered_at: float | None = None
        self.ended = asyncio.Event()
        self.ended_at: float | None = None
        self.ended_by: Literal["us", "them"] | None = None
        self.referred_to: str | None = None  # where a REFER of theirs wanted us to go
        self.refer_answer = 202
        self.refer_result = 200  # what we report of following it; we never really go there
        self.held = False  # whether they put us on hold
        self._credentials = credentials
        self._session = secrets.randbits(31)
        self._dialog: Dialog | None = None
        self._endpoint: SipEndpoint | None = None
        self._media: Media | None = None
        self._peer: Address = ("", 0)
        self._offered = False  # our own offer went out in a 2xx, their answer comes with the ACK
        self._transfer: asyncio.Future[tuple[int, str]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._requests: dict[str, Callable[[Exchange], None]] = {
            "BYE": self._on_bye,
            "INVITE": self._on_media_change,
            "UPDATE": self._on_media_change,
            "OPTIONS": lambda exchange: self._respond(exchange, 200),
            "INFO": lambda exchange: self._respond(exchange, 200),
            "REFER": self._on_refer,
            "NOTIFY": self._on_notify,
        }

    async def speak(self, alaw: bytes) -> None:
        """Say A-law sound (8000 bytes a second) in real time; returns early when the call ends."""
        await self._in_call().play(alaw)

    async def press(self, digits: str) -> None:
        """Press keys (RFC 4733). Raises ValueError for what is no key."""
        await self._in_call().press(digits)

    def mute(self, *, muted: bool = True) -> None:
        """Send nothing between speaking, like a phone with DTX; `muted=False` sends silence again."""
        self._in_call().muted = muted

    async def hang_up(self) -> None:
        """End the call; nothing when it is over already."""
        if self.ended.is_set() or self._dialog is None:
            return
        dialog = self._dialog
        self._end("us")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BYE_WAIT_S):
                await self._ask(dialog.request("BYE"))

    async def transfer(self, to: str = "110", timeout_s: float = 5) -> None:
        """Send the far end elsewhere (blind transfer, RFC 3515) and hang up once it reported success.

        `to` is a number on the far end, or a whole URI. Raises TransferFailed, with the call still up.
        """
        self._in_call()
        if self._dialog is None:
            raise NotInCall("there is no call to transfer; dial() first")
        here = SipUri.parse(self._dialog.target)
        target = to if ":" in to else str(SipUri(here.host, here.port, to))
        loop = asyncio.get_running_loop()
        self._transfer = loop.create_future()
        more = [("Refer-To", f"<{target}>"), ("Referred-By", f"<{self._dialog.local.uri}>")]
        response = await self._ask(self._dialog.request("REFER", more))
        if response.code >= 300:
            raise TransferFailed(response.code, response.reason)
        try:
            async with asyncio.timeout(timeout_s):
                code, reason = await self._transfer
        except TimeoutError:
            code, reason = 408, "no result was reported"
        if code >= 300:
            raise TransferFailed(code, reason)
        await self.hang_up()  # RFC 5589 §6.1: the transferor ends its call; Asterisk waits for that

    async def until_ended(self, timeout_s: float) -> None:
        """Wait until the call is over. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self.ended.wait()

    def _in_call(self) -> Media:
        if self._media is None or not (self.answered.is_set() or self.ended.is_set()):
            raise NotInCall("there is no answered call; dial() or wait for `answered` first")
        return self._media

    def _answered(self) -> None:
        self.answered_at = asyncio.get_running_loop().time()
        self.answered.set()

    def _end(self, by: Literal["us", "them"]) -> None:
        if self.ended.is_set():
            return
        self.ended_by = by
        self.ended_at = asyncio.get_running_loop().time()
        self.ended.set()
        if self._media is not None:
            self._media.close()
        if self._transfer is not None and not self._transfer.done():
            self._transfer.set_result((200, "the far end hung up"))

    async def _close(self) -> None:
        """Hang up, end this leg's tasks and free its RTP port."""
        await self.hang_up()
        self._end("us")
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("call.task_failed", exc_info=error)

    async def _ask(self, request: SipRequest) -> SipResponse:
        if self._endpoint is None or self._dialog is None:
            raise NotInCall("there is no call; dial() first")
        sent, response = await self._endpoint.ask(request, self._peer, self._credentials)
        if sent is not request:
            self._dialog.local_sequence += 1  # the second try, with credentials, took a number
        return response

    def _respond(self, exchange: Exchange, code: int, body: bytes = b"") -> None:
        more = [("Allow", ALLOW)]
        if self._dialog is not None:
            more.append(("Contact", f"<{self._dialog.contact}>"))
        if body:
            more.append(("Content-Type", sdp.CONTENT_TYPE))
        tag = self._dialog.local.tag if self._dialog is not None else ""
        exchange.respond(code, reason_of(code), tag=tag, more=more, body=body)

    def receive(self, exchange: Exchange) -> bool:
        """Take a request of this call; False when it is not ours. Raises SipParseError."""
        dialog = self._dialog
        if dialog is None or not dialog.holds(exchange.request):
            return False
        method = exchange.request.method
        if self.ended.is_set() and method != "BYE":
            self._respond(exchange, 481)
        elif not dialog.in_order(exchange.request):
            self._respond(exchange, 500)
        elif method in self._requests:
            self._requests[method](exchange)
        else:
            self._respond(exchange, 405)
        return True

    def receive_ack(self, ack: SipRequest) -> bool:
        """Take the ACK of our 2xx, with their answer if the offer was ours; False when it is not ours."""
        if self._dialog is None or not self._dialog.holds(ack):
            return False
        if self._offered and ack.body:
            self._offered = False
            try:
                self._hear_of(audio_of(ack))
            except SdpError:
                self._spawn(self.hang_up())  # RFC 3261 §13.2.2.4: end a call whose answer will not do
        return True

    def _on_bye(self, exchange: Exchange) -> None:
        self._respond(exchange, 200)
        self._end("them")

    def _on_media_change(self, exchange: Exchange) -> None:
        try:
            body = self._negotiated(exchange.request)
        except SdpError:
            self._respond(exchange, 488)
            return
        if self._dialog is not None:
            self._dialog.refreshed(exchange.request)
        self._respond(exchange, 200, body)

    def _negotiated(self, request: SipRequest) -> bytes:
        """Follow their offer, return our answer; without one an INVITE gets our offer, an UPDATE nothing."""
        if self._media is None or self._endpoint is None:
            raise SdpError("no sound on this call")
        host = self._endpoint.local[0]
        theirs = audio_of(request)
        if theirs is not None:
            self._hear_of(theirs)
            return sdp.answer(theirs, host, self._media.port, self._session)
        self._offered = request.method == "INVITE"
        return sdp.offer(host, self._media.port, self._session) if self._offered else b""

    def _hear_of(self, theirs: sdp.AudioDescription | None) -> None:
        if theirs is not None and self._media is not None:
            self.held = not theirs.listens
            self._media.towards(theirs)

    def _on_refer(self, exchange: Exchange) -> None:
        self.referred_to = NameAddr.parse(exchange.request.headers.get("Refer-To")).uri
        self._respond(exchange, self.refer_answer)
        if 200 <= self.refer_answer < 300:
            self._spawn(self._report_refer())

    async def _report_refer(self) -> None:
        steps = ((100, "active;expires=60"), (self.refer_result, "terminated;reason=noresource"))
        for code, state in steps:
            if self._dialog is None:
                return
            more = [("Event", "refer"), ("Subscription-State", state)]
            more.append(("Content-Type", "message/sipfrag;version=2.0"))
            fragment = f"SIP/2.0 {code} {reason_of(code)}\r\n"
            await self._ask(self._dialog.request("NOTIFY", more, fragment.encode()))

    def _on_notify(self, exchange: Exchange) -> None:
        self._respond(exchange, 200)
        fragment = _SIPFRAG.match(exchange.request.body)
        if fragment is None or self._transfer is None or self._transfer.done():
            return
        code = int(fragment[1])
        if code >= 200:
            self._transfer.set_result((code, (fragment[2] or b"").decode("utf-8", "replace")))


def refuse_stray(exchange: Exchange) -> None:
    """Answer a request that belongs to no call of ours. Raises SipParseError."""
    method = exchange.request.method
    if method == "OPTIONS":  # Asterisk's qualify
        exchange.respond(200, "OK", more=[("Allow", ALLOW)])
    elif NameAddr.parse(exchange.request.headers.get("To")).tag or method in ("BYE", "NOTIFY"):
        exchange.respond(481, "Call/Transaction Does Not Exist")
    elif method == "INVITE":
        exchange.respond(486, "Busy Here")
    else:
        exchange.respond(405, "Method Not Allowed", more=[("Allow", ALLOW)])
