"""A SIP phone of the tests, and nothing more: one UDP port, plain threads, everything it hears is kept.

It knows no more of SIP than the tests of the dialplan need, on purpose: what is tested is Asterisk's side.
"""

from __future__ import annotations

import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5
from typing import Self

LIMIT_S = 8.0
_ECHOED = ("via", "from", "call-id", "cseq")


@dataclass(frozen=True)
class Message:
    """One SIP message as it arrived."""

    text: str
    at: float
    source: tuple[str, int]

    @property
    def method(self) -> str:
        """INVITE, BYE …; for an answer its code, such as 200."""
        first = self.text.split(" ", 2)
        return first[1] if first[0] == "SIP/2.0" else first[0]

    def header(self, name: str) -> str | None:
        match = re.search(rf"(?im)^{re.escape(name)}[ \t]*:[ \t]*(.*?)\r$", self.text)
        return match[1] if match else None

    @property
    def body(self) -> str:
        return self.text.partition("\r\n\r\n")[2]


@dataclass
class Leg:
    """One dialog of a phone."""

    phone: Phone
    peer: tuple[str, int]
    call_id: str
    ours: str
    """Our From or To, with tag."""
    theirs: str = ""
    target: str = ""
    invite: Message | None = None
    cseq: int = 1
    answered: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    code: int = 0
    media: tuple[str, int] | None = None

    def send(self, method: str, extra: str = "", body: str = "", kind: str = "application/sdp") -> None:
        self.cseq += method != "ACK"
        self.phone.send_request(method, self, extra, body, kind)

    def hang_up(self) -> None:
        self.ended.set()
        self.send("BYE")

    def refer(self, target: str) -> None:
        self.send("REFER", f"Refer-To: <{target}>\r\nReferred-By: <sip:{self.phone.name}@127.0.0.1>\r\n")

    def press(self, keys: str) -> None:
        """RFC 4733, 100 ms a key; payload type 101. Some silence first: Asterisk learns from it who is sending."""
        assert self.media is not None
        for step in range(10):
            self.phone.send_rtp(8, step * 160, b"\xd5" * 160, self.media)
            time.sleep(0.02)
        stamp = 1600
        for key in keys:
            event = "0123456789*#ABCD".index(key)
            stamp += 1600
            for step in range(8):
                last = step >= 5
                payload = struct.pack(">BBH", event, (0x80 if last else 0) | 10, min(step + 1, 6) * 160)
                self.phone.send_rtp(101, stamp, payload, self.media)
                time.sleep(0.02)
            time.sleep(0.08)


class Phone:
    """Answers calls as `on_invite` says (200, 180 to let it ring, or any refusal), and can place them."""

    def __init__(self, name: str, *, on_invite: int = 200, refer_result: str | None = None) -> None:
        """`refer_result`: what the phone reports about a transfer that it is asked for, such as `200 OK`."""
        self.name = name
        self.on_invite = on_invite
        self.refer_result = refer_result
        self.heard: list[Message] = []
        self.legs: dict[str, Leg] = {}
        self.rtp_received = 0
        self._came = threading.Condition()
        self._socket = _bound()
        self._rtp = _bound()
        self._sequence = random.getrandbits(14)
        self.port = int(self._socket.getsockname()[1])
        self._threads = [
            threading.Thread(target=loop, daemon=True) for loop in (self._receive, self._receive_rtp)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for leg in self.legs.values():
            if not leg.ended.is_set() and leg.target:
                leg.hang_up()
        for opened in (self._socket, self._rtp):
            opened.sendto(b"", opened.getsockname())
        for thread in self._threads:
            thread.join(LIMIT_S)
        self._socket.close()
        self._rtp.close()

    @property
    def uri(self) -> str:
        return f"sip:{self.name}@127.0.0.1:{self.port}"

    def member(self) -> dict[str, str]:
        """As the settings take it."""
        return {"name": self.name, "uri": self.uri}

    # -- waiting ---------------------------------------------------------------------------------------

    def wait_for(self, wanted: Callable[[Message], bool], limit_s: float = LIMIT_S) -> Message:
        with self._came:
            if not self._came.wait_for(lambda: any(map(wanted, self.heard)), limit_s):
                raise AssertionError(
                    f"{self.name} waited in vain; heard: {[m.text.splitlines()[0] for m in self.heard]}"
                )
            return next(filter(wanted, self.heard))

    def wait_for_method(self, method: str, limit_s: float = LIMIT_S) -> Message:
        return self.wait_for(lambda message: message.method == method, limit_s)

    def wait_for_call(self, limit_s: float = LIMIT_S) -> Leg:
        """The leg of the first call that comes in; established, when this phone answers calls."""
        leg = self.legs[self.wait_for_method("INVITE", limit_s).header("Call-ID") or ""]
        if self.on_invite == 200:
            self.wait_for_method("ACK", limit_s)
        return leg

    # -- calling ---------------------------------------------------------------------------------------

    def call(
        self,
        number: str,
        to: tuple[str, int],
        *,
        display: str = "",
        extra: str = "",
        part: str = "",
        wait: bool = True,
    ) -> Leg:
        """Call; `part` is one more body part beside the SDP, its headers included. Waits for the final answer."""
        shown = f'"{display}" ' if display else ""
        leg = Leg(
            self,
            to,
            f"{random.getrandbits(64):x}@test",
            f"{shown}<{self.uri}>;tag={random.getrandbits(32):x}",
        )
        leg.theirs = f"<sip:{number}@{to[0]}:{to[1]}>"
        leg.target = leg.theirs[1:-1]
        self.legs[leg.call_id] = leg
        body, kind = self._sdp(), "application/sdp"
        if part:
            body = f"--b0\r\nContent-Type: application/sdp\r\n\r\n{body}\r\n--b0\r\n{part}\r\n--b0--\r\n"
            kind = "multipart/mixed;boundary=b0"
        self.send_request("INVITE", leg, extra, body, kind)
        if wait and not leg.answered.wait(LIMIT_S):
            raise AssertionError(f"no final answer; heard: {[m.text.splitlines()[0] for m in self.heard]}")
        return leg

    def register(self, to: tuple[str, int], password: str) -> str:
        """REGISTER with digest authentication (MD5, RFC 2617); gives the code of the final answer."""
        leg = Leg(
            self,
            to,
            f"{random.getrandbits(64):x}@test",
            f"<sip:{self.name}@{to[0]}>;tag={random.getrandbits(32):x}",
        )
        leg.theirs = f"<sip:{self.name}@{to[0]}>"
        leg.target = f"sip:{to[0]}:{to[1]}"
        self.send_request("REGISTER", leg, "Expires: 60\r\n")
        challenge = self.wait_for(
            lambda m: m.method in ("401", "200", "403", "404") and m.header("Call-ID") == leg.call_id
        )
        if challenge.method != "401":
            return challenge.method
        leg.cseq += 1
        line = _digest(
            challenge.header("WWW-Authenticate") or "", self.name, password, "REGISTER", leg.target
        )
        self.send_request("REGISTER", leg, f"Expires: 60\r\nAuthorization: {line}\r\n")
        return self.wait_for(
            lambda m: m.header("Call-ID") == leg.call_id and (m.header("CSeq") or "").startswith("2 ")
        ).method

    def send_request(
        self, method: str, leg: Leg, extra: str = "", body: str = "", kind: str = "application/sdp"
    ) -> None:
        data = body.encode()
        lines = [
            f"{method} {leg.target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{random.getrandbits(48):x};rport",
            f"From: {leg.ours}",
            f"To: {leg.theirs}",
            f"Call-ID: {leg.call_id}",
            f"CSeq: {leg.cseq} {method}",
            f"Contact: <{self.uri}>",
            "Max-Forwards: 70",
        ]
        if data:
            lines.append(f"Content-Type: {kind}")
        head = "\r\n".join(lines) + f"\r\n{extra}Content-Length: {len(data)}\r\n\r\n"
        self._socket.sendto(head.encode() + data, leg.peer)

    def send_rtp(self, payload_type: int, stamp: int, payload: bytes, to: tuple[str, int]) -> None:
        self._sequence += 1
        self._rtp.sendto(
            struct.pack(">BBHII", 0x80, payload_type, self._sequence & 0xFFFF, stamp, 110) + payload, to
        )

    # -- hearing ---------------------------------------------------------------------------------------

    def _receive(self) -> None:
        while True:
            data, source = self._socket.recvfrom(65535)
            if not data:
                return
            message = Message(data.decode(errors="replace"), time.monotonic(), source)
            if message.text.startswith("SIP/2.0"):
                self._take_answer(message)
            else:
                self._take_request(message)
            with self._came:
                self.heard.append(message)
                self._came.notify_all()

    def _receive_rtp(self) -> None:
        while data := self._rtp.recv(4096):
            self.rtp_received += len(data) > 12

    def _take_answer(self, message: Message) -> None:
        leg = self.legs.get(message.header("Call-ID") or "")
        if leg is None or "INVITE" not in (message.header("CSeq") or "") or int(message.method) < 200:
            return
        leg.code = int(message.method)
        leg.theirs = message.header("To") or ""
        if leg.code == 200:
            leg.target = re.findall(r"<([^>]*)>", message.header("Contact") or "")[0]
            leg.media = _media(message)
        else:
            leg.ended.set()
        self.send_request("ACK", leg)
        leg.answered.set()

    def _take_request(self, message: Message) -> None:
        leg = self.legs.get(message.header("Call-ID") or "")
        if message.method == "ACK":
            return
        if message.method == "INVITE" and leg is None:
            leg = Leg(self, message.source, message.header("Call-ID") or "", "")
            leg.invite, leg.media = message, _media(message)
            leg.ours = f"{message.header('To')};tag={random.getrandbits(32):x}"
            leg.theirs = message.header("From") or ""
            leg.target = re.findall(r"<([^>]*)>", message.header("Contact") or "")[0]
            self.legs[leg.call_id] = leg
            self.answer(leg, self.on_invite)
            return
        self._reply(message, "202 Accepted" if message.method == "REFER" else "200 OK", leg)
        if leg is not None and message.method == "BYE":
            leg.ended.set()
        if leg is not None and message.method == "CANCEL" and leg.invite is not None:
            leg.ended.set()
            self._reply(leg.invite, "487 Request Terminated", leg)
        if leg is not None and message.method == "REFER" and self.refer_result is not None:
            state = "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n"
            leg.send("NOTIFY", state, f"SIP/2.0 {self.refer_result}\r\n", "message/sipfrag;version=2.0")

    def answer(self, leg: Leg, code: int) -> None:
        """Answer a call that came in: 180 rings, 200 takes it, others refuse."""
        assert leg.invite is not None
        if code == 200:
            leg.answered.set()
            self._reply(leg.invite, "200 OK", leg, self._sdp())
        else:
            self._reply(leg.invite, f"{code} {'Ringing' if code == 180 else 'Refused'}", leg)

    def _reply(self, request: Message, status: str, leg: Leg | None, body: str = "") -> None:
        kept = [
            line
            for line in request.text.split("\r\n\r\n")[0].split("\r\n")[1:]
            if line.split(":")[0].lower() in _ECHOED
        ]
        to = leg.ours if leg is not None and leg.invite is request else request.header("To")
        kept += [f"To: {to}", f"Contact: <{self.uri}>"]
        if body:
            kept.append("Content-Type: application/sdp")
        head = "\r\n".join([f"SIP/2.0 {status}", *kept, f"Content-Length: {len(body)}", "", ""])
        self._socket.sendto((head + body).encode(), request.source)

    def _sdp(self) -> str:
        port = self._rtp.getsockname()[1]
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
            "a=fmtp:101 0-15\r\na=ptime:20\r\n"
        )


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


def _media(message: Message) -> tuple[str, int] | None:
    match = re.search(r"m=audio (\d+)", message.body)
    return ("127.0.0.1", int(match[1])) if match else None


def _digest(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    values = dict(re.findall(r'(\w+)="?([^",]+)', challenge))
    realm, nonce = values["realm"], values["nonce"]

    def of(*parts: str) -> str:
        return md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    secret, asked = of(user, realm, password), of(method, uri)
    response = of(secret, nonce, "00000001", "c0ffee", "auth", asked)
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
        f'algorithm=MD5, qop=auth, nc=00000001, cnonce="c0ffee"'
    )
