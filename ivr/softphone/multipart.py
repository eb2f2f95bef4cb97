"""Message bodies of several parts (RFC 5621, RFC 2046 §5.1): SDP with a PIDF-LO beside it. Pure."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from ivr.softphone.errors import SipParseError
from ivr.softphone.message import Headers, SipMessage, header_lines

MAX_PARTS = 16  # an emergency INVITE has two or three
_BOUNDARY = re.compile(
    r';\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE
)  # RFC 2046: 1..70


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One part of a body."""

    headers: Headers = field(default_factory=Headers)
    content: bytes = b""

    @property
    def content_type(self) -> str:
        """The media type in lower case, without its parameters."""
        return media_type(self.headers.get("Content-Type"))


def media_type(value: str) -> str:
    """Return a Content-Type's media type in lower case, without its parameters."""
    return value.split(";", 1)[0].strip().lower()


def join(parts: Sequence[BodyPart]) -> tuple[str, bytes]:
    """Write parts as one multipart/mixed body: (its Content-Type, the bytes)."""
    boundary = f"minsheng-{secrets.token_hex(12)}"
    body = bytearray()
    for part in parts:
        head = "".join(f"{name}: {value}\r\n" for name, value in Headers.of(part.headers))
        body += f"--{boundary}\r\n{head}\r\n".encode() + part.content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return f"multipart/mixed;boundary={boundary}", bytes(body)


def split(content_type: str, body: bytes) -> tuple[BodyPart, ...]:
    """Read a body as parts; one that is not multipart is its own only part. Raises SipParseError."""
    if not body:
        return ()
    if not media_type(content_type).startswith("multipart/"):
        return (BodyPart(Headers((("Content-Type", content_type),)), body),)
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise SipParseError("a multipart body without a boundary; dropped")
    mark = b"--" + (match[1] or match[2]).encode("utf-8", "replace")
    # The line break before a boundary belongs to the boundary (RFC 2046 §5.1.1).
    pieces = (b"\r\n" + body).split(b"\r\n" + mark, MAX_PARTS + 2)
    if len(pieces) < 2 or len(pieces) > MAX_PARTS + 2:
        raise SipParseError(f"a multipart body with no part or with more than {MAX_PARTS}; dropped")
    parts: list[BodyPart] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return tuple(parts)  # the closing boundary; what follows it is to be ignored
        _, line_end, rest = piece.partition(b"\r\n")  # white space may stand after a boundary
        if not line_end:
            raise SipParseError("a body part without a line end after its boundary; dropped")
        head, gap, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
        if not gap:
            raise SipParseError("a body part whose headers have no end; dropped")
        parts.append(BodyPart(Headers(tuple(header_lines(head.decode("utf-8", "replace")))), content))
    raise SipParseError("a multipart body without its closing boundary; dropped")


def parts_of(message: SipMessage) -> tuple[BodyPart, ...]:
    """Return the parts of a message's body. Raises SipParseError."""
    return split(message.headers.get("Content-Type"), message.body)


def content_of(message: SipMessage, content_type: str) -> bytes:
    """Return the first part of that media type, b"" when there is none. Raises SipParseError."""
    return next((part.content for part in parts_of(message) if part.content_type == content_type), b"")
