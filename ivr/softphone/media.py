"""A call's sound on the network: one UDP socket for RTP, on the beat of the shared ticker."""

import asyncio
from functools import partial
from typing import cast

import structlog

from ivr.softphone import dtmf, rtp
from ivr.softphone.errors import NotInCall, RtpParseError, SdpError
from ivr.softphone.outgoing import OutgoingStream, Voice
from ivr.softphone.recording import Recording
from ivr.softphone.sdp import AudioDescription
from ivr.softphone.ticker import Ticker

_log = structlog.get_logger(__name__)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Media(asyncio.DatagramProtocol):
    """Sends what is said and pressed, records what is heard. Made by open(), ended by close()."""

    def __init__(self, ticker: Ticker, heard: Recording) -> None:
        self.heard = heard
        self.stray = 0  # packets that were neither A-law nor a key
        self._outgoing = OutgoingStream()
        self._ticker = ticker
        self._transport: asyncio.DatagramTransport | None = None
        self._remote: AudioDescription | None = None
        self._keys = dtmf.KeyReceiver()
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    @classmethod
    async def open(cls, host: str, ticker: Ticker, heard: Recording) -> "Media":
        """Bind a free port. Raises OSError."""
        _, media = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(ticker, heard), local_addr=(host, 0)
        )
        return media

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket; asyncio calls this."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    @property
    def port(self) -> int:
        """The port to write into our SDP."""
        if self._transport is None:
            raise NotInCall("the RTP socket is not open; use Media.open()")
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def muted(self) -> bool:
        """Whether nothing is sent between speaking (a phone with DTX), instead of silence."""
        return self._outgoing.muted

    @muted.setter
    def muted(self, wanted: bool) -> None:
        self._outgoing.muted = wanted

    def towards(self, remote: AudioDescription) -> None:
        """Send to that side from now on: the first call starts the beat, later ones follow re-INVITEs."""
        if self._closed:
            return
        self._remote = remote
        self._ticker.add(self._tick)

    def close(self) -> None:
        """Stop sending, free the port, and end every play() and press() that still waits."""
        self._closed = True
        self._ticker.discard(self._tick)
        for waiter in self._waiting:
            _settle(waiter)
        self._waiting.clear()
        if self._transport is not None:
            self._transport.close()

    async def play(self, alaw: bytes) -> None:
        """Say A-law sound in real time; returns when the last frame has gone or the call is over."""
        if self._closed or not alaw:
            return
        done = self._waiter()
        voice = Voice(alaw, partial(_settle, done))
        self._outgoing.say(voice)
        try:
            await done
        finally:
            self._outgoing.unsay(voice)
            self._waiting.discard(done)

    async def press(self, digits: str) -> None:
        """Press keys, 100 ms each with 100 ms between.

        Raises ValueError for what is no key, SdpError when the far end takes no keys.
        """
        if self._closed:
            return
        if self._remote is not None and self._remote.event_type is None:
            raise SdpError("the far end takes no telephone events; set dtmf_mode=rfc4733 on that endpoint")
        for digit in digits:
            dtmf.press(digit)  # all are keys, or none is pressed
        presses = []
        for digit in digits:
            done = self._waiter()
            self._outgoing.press(digit, partial(_settle, done))
            presses.append(done)
        if presses:
            await asyncio.wait(presses)
        self._waiting.difference_update(presses)

    def _waiter(self) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        return waiter

    def _tick(self) -> None:
        if self._remote is None or self._transport is None:
            return
        packet = self._outgoing.tick(self._remote)
        if packet is not None and not self._transport.is_closing():
            self._transport.sendto(packet, (self._remote.host, self._remote.port))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio's signature
        """Hear one packet; asyncio calls this."""
        now = asyncio.get_running_loop().time()
        remote = self._remote
        try:
            packet = rtp.parse(data)
            if remote is not None and packet.payload_type == remote.pcma_type:
                self.heard.accept(packet, now)
            elif remote is not None and packet.payload_type == remote.event_type:
                digit = self._keys.accept(packet.ssrc, packet.timestamp, dtmf.parse(packet.payload))
                self.heard.accept_key(packet, digit)
            else:
                self.stray += 1  # comfort noise, RTCP on the wrong port, or not meant for us
        except RtpParseError:
            self.stray += 1

    def error_received(self, exc: Exception) -> None:
        """Note that the far end's port is closed; the call's end comes by SIP. asyncio calls this."""
        _log.debug("rtp.refused", error=str(exc))
