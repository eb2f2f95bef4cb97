"""A dialog: the thread that holds a call's requests together (RFC 3261 §12). Pure.

Where its requests are sent to is the sender's business: like most phones behind NAT we send to the address
the far end speaks from, with the dialog's target as Request-URI.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from ivr.softphone.address import NameAddr, SipUri, Via
from ivr.softphone.errors import SipParseError
from ivr.softphone.message import Headers, SipRequest, SipResponse

BRANCH_MAGIC = "z9hG4bK"  # RFC 3261 §8.1.1.7
ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, REFER, NOTIFY, INFO"


def new_tag() -> str:
    """Return a fresh tag, 64 random bits (RFC 3261 §19.3 asks for 32)."""
    return secrets.token_hex(8)


def new_via(local: tuple[str, int]) -> tuple[str, str]:
    """Return a Via header for a new transaction from that address."""
    return "Via", f"SIP/2.0/UDP {local[0]}:{local[1]};branch={BRANCH_MAGIC}{secrets.token_hex(10)};rport"


def sequence_of(message: SipRequest | SipResponse) -> int:
    """Return the CSeq's number. Raises SipParseError."""
    number = message.headers.get("CSeq").split(" ")[0]
    if not number.isascii() or not number.isdigit() or len(number) > 10:
        raise SipParseError(f"no CSeq: {number[:40]!r}")
    return int(number)


def _target(contact: str) -> str:
    uri = NameAddr.parse(contact).uri
    SipUri.parse(uri)  # it will stand in our start lines, so it must not break them
    return uri


def response_to(
    request: SipRequest,
    code: int,
    reason: str,
    *,
    source: tuple[str, int] | None = None,
    tag: str = "",
    more: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> SipResponse:
    """Answer a request (RFC 3261 §8.2.6); `source` goes into a Via that asks for it (RFC 3581 §4)."""
    vias = list(request.headers.every("Via"))
    if vias and source is not None and "rport" in Via.parse(vias[0]).params:
        vias[0] = f"{vias[0].replace(';rport', '', 1)};received={source[0]};rport={source[1]}"
    to = request.headers.get("To")
    if tag and not NameAddr.parse(to).tag:
        to = f"{to};tag={tag}"
    pairs = [("Via", via) for via in vias]
    pairs += [("Record-Route", route) for route in request.headers.every("Record-Route")]
    pairs += [("From", request.headers.get("From")), ("To", to), ("Call-ID", request.headers.get("Call-ID"))]
    pairs += [("CSeq", request.headers.get("CSeq")), *more]
    return SipResponse(code, reason, Headers.of(pairs), body)


@dataclass(slots=True)
class Dialog:
    """Both ends' names, where to send, and the counters. Owned and changed by one call only."""

    local: NameAddr
    remote: NameAddr
    call_id: str
    contact: str  # our own Contact, as a URI
    target: str  # their Contact, as a URI
    routes: tuple[str, ...] = ()
    local_sequence: int = field(default_factory=lambda: secrets.randbits(16) + 1)
    remote_sequence: int = 0

    @classmethod
    def calling(cls, local: NameAddr, remote: NameAddr, contact: str) -> "Dialog":
        """Begin a dialog with a request of ours."""
        named = NameAddr(local.uri, local.display_name, {"tag": new_tag()})
        return cls(
            named, remote, f"{secrets.token_hex(12)}@{SipUri.parse(contact).host}", contact, remote.uri
        )

    @classmethod
    def called(cls, invite: SipRequest, contact: str) -> "Dialog":
        """Begin a dialog with a request of theirs. Raises SipParseError when it lacks what a dialog needs."""
        to = NameAddr.parse(invite.headers.get("To"))
        targets = invite.headers.every("Contact")
        if not targets or not invite.headers.get("Call-ID"):
            raise SipParseError("an INVITE without Contact or Call-ID; answer it with 400")
        return cls(
            NameAddr(to.uri, to.display_name, {"tag": new_tag()}),
            NameAddr.parse(invite.headers.get("From")),
            invite.headers.get("Call-ID"),
            contact,
            _target(targets[0]),
            invite.headers.every("Record-Route"),
            remote_sequence=sequence_of(invite),
        )

    def established(self, response: SipResponse) -> None:
        """Take the far end's tag, target and route from its answer (§12.1.2). Raises SipParseError."""
        self.remote = NameAddr.parse(response.headers.get("To"))
        self.routes = tuple(reversed(response.headers.every("Record-Route")))
        self.refreshed(response)

    def refreshed(self, message: SipRequest | SipResponse) -> None:
        """Take a new target, as every target refresh brings it (RFC 3261 §12.2). Raises SipParseError."""
        targets = message.headers.every("Contact")
        if targets:
            self.target = _target(targets[0])

    def request(self, method: str, more: Sequence[tuple[str, str]] = (), body: bytes = b"") -> SipRequest:
        """Build the next request; ACK and CANCEL keep their INVITE's number and have ways of their own."""
        self.local_sequence += 1
        return self._request(method, self.local_sequence, more, body)

    def ack(self, answered: SipResponse) -> SipRequest:
        """Build the ACK of a 2xx, a transaction of its own (RFC 3261 §13.2.2.4)."""
        return self._request("ACK", sequence_of(answered), (), b"")

    def _request(
        self, method: str, sequence: int, more: Sequence[tuple[str, str]], body: bytes
    ) -> SipRequest:
        contact = SipUri.parse(self.contact)
        pairs = [new_via((contact.host, contact.port)), ("Max-Forwards", "70")]
        pairs += [("Route", route) for route in self.routes]
        pairs += [("From", str(self.local)), ("To", str(self.remote)), ("Call-ID", self.call_id)]
        pairs += [("CSeq", f"{sequence} {method}"), ("Contact", f"<{self.contact}>"), *more]
        return SipRequest(method, self.target, Headers.of(pairs), body)

    def holds(self, request: SipRequest) -> bool:
        """Tell whether a request belongs to this dialog: Call-ID and both tags. Raises SipParseError."""
        return (
            request.headers.get("Call-ID") == self.call_id
            and NameAddr.parse(request.headers.get("To")).tag == self.local.tag
            and NameAddr.parse(request.headers.get("From")).tag == self.remote.tag
        )

    def in_order(self, request: SipRequest) -> bool:
        """Count a request of theirs; False for a late one (RFC 3261 §12.2.2: 500). Raises SipParseError."""
        sequence = sequence_of(request)
        if request.method != "ACK" and sequence <= self.remote_sequence:
            return False
        self.remote_sequence = max(self.remote_sequence, sequence)
        return True


def cancel_of(invite: SipRequest) -> SipRequest:
    """Build the CANCEL of an INVITE that still rings (RFC 3261 §9.1): same branch, same number."""
    kept = ("From", "To", "Call-ID", "Route", "Max-Forwards")
    pairs = [("Via", invite.headers.every("Via")[0])]
    pairs += [item for item in invite.headers if item[0] in kept]
    pairs.append(("CSeq", invite.headers.get("CSeq").split(" ")[0] + " CANCEL"))
    return SipRequest("CANCEL", invite.uri, Headers.of(pairs))


def retried(request: SipRequest, local: tuple[str, int], credentials: tuple[str, str]) -> SipRequest:
    """Build the second try of a challenged request: new branch, next number (RFC 3261 §22.2)."""
    sequence = f"{sequence_of(request) + 1} {request.method}"
    headers = request.headers.replaced(new_via(local), ("CSeq", sequence), credentials)
    return SipRequest(request.method, request.uri, headers, request.body)
