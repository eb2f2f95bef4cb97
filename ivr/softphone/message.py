"""SIP messages as bytes and as values (RFC 3261 §7, §25). Pure: no socket, no clock.

What comes in is hostile: sizes are bounded, and what is no SIP message raises SipParseError and nothing else.
Text is UTF-8 (RFC 3261 §7.1); a broken sequence becomes U+FFFD and is no error: carriers do send GBK names.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ivr.softphone.errors import HeaderRefused, SipParseError

MAX_MESSAGE_BYTES = 65_535  # what one UDP datagram can hold
MAX_HEADERS = 256  # Asterisk itself refuses more than 128 of a kind; a real INVITE has about 20
MAX_LINE_CHARS = 8_192

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")  # RFC 3261 §25.1
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # a tab is white space, the rest has no place in a header
_COMPACT = {  # RFC 3261 §7.3.3, RFC 3515 (r), RFC 3892 (b), RFC 6665 (o, u), RFC 4028 (x)
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
}


def long_name(name: str) -> str:
    """Return the long form of a header name ("v" is "Via"); other names come back as they are."""
    return _COMPACT.get(name.lower(), name) if len(name) == 1 else name


@dataclass(frozen=True, slots=True)
class Headers:
    """A message's headers in order; names compare without case, and compact ones are their long form."""

    items: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Headers":
        """Build checked headers of our own. Raises HeaderRefused for a value that would smuggle in a line."""
        checked = []
        for name, value in pairs:
            if not _TOKEN.fullmatch(name):
                raise HeaderRefused(f"{name!r} is no header name; use letters, digits and dashes")
            if long_name(name).lower() == "content-length":
                raise HeaderRefused(
                    "Content-Length is the body's length and is written by itself; leave it out"
                )
            if _CONTROL.search(value) or len(name) + len(value) + 2 > MAX_LINE_CHARS:
                raise HeaderRefused(
                    f"the value of {name} has control characters or is too long; clean it first"
                )
            checked.append((long_name(name), value.strip(" \t")))
        return cls(tuple(checked))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a header, `default` when there is none."""
        wanted = long_name(name).lower()
        return next((value for key, value in self.items if key.lower() == wanted), default)

    def every(self, name: str) -> tuple[str, ...]:
        """Return all values of a header, in order; a comma list counts as several (RFC 3261 §7.3.1)."""
        wanted = long_name(name).lower()
        return tuple(part for key, value in self.items if key.lower() == wanted for part in split_list(value))

    def replaced(self, *pairs: tuple[str, str]) -> "Headers":
        """Return the headers with those of `pairs` taking the place of all of the same name."""
        gone = {long_name(name).lower() for name, _ in pairs}
        return Headers.of([*(item for item in self.items if item[0].lower() not in gone), *pairs])


@dataclass(frozen=True, slots=True)
class SipRequest:
    """A request; Content-Length is not among the headers, it is the body's length."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SipResponse:
    """A response; Content-Length is not among the headers, it is the body's length."""

    code: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""


SipMessage = SipRequest | SipResponse


def split_list(value: str) -> tuple[str, ...]:
    """Split a header value at its commas, but not at those inside quotes or angle brackets."""
    parts, start, quoted, bracketed, escaped = [], 0, False, False, False
    for at, char in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            bracketed = char == "<"
        elif char == "," and not bracketed:
            parts.append(value[start:at])
            start = at + 1
    parts.append(value[start:])
    return tuple(part.strip() for part in parts if part.strip())


def header_lines(text: str) -> list[tuple[str, str]]:
    """Read header lines (also those of a body part), unfolding continued ones. Raises SipParseError."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if len(line) > MAX_LINE_CHARS:
            raise SipParseError(f"a header line is longer than {MAX_LINE_CHARS} characters; dropped")
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip(" \t")  # folding, RFC 3261 §7.3.1
            if len(lines[-1]) > MAX_LINE_CHARS:
                raise SipParseError(f"a folded header is longer than {MAX_LINE_CHARS} characters; dropped")
        elif line:
            lines.append(line)
    if len(lines) > MAX_HEADERS:
        raise SipParseError(f"more than {MAX_HEADERS} headers; dropped")
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not _TOKEN.fullmatch(name):
            raise SipParseError(f"no header: {line[:80]!r}")
        if _CONTROL.search(value):
            raise SipParseError(f"control characters in {name}; dropped")
        pairs.append((long_name(name), value.strip(" \t")))
    return pairs


def parse(data: bytes) -> SipMessage:
    """Read one datagram. Raises SipParseError for whatever is no SIP message within our bounds."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise SipParseError(f"{len(data)} bytes are more than the {MAX_MESSAGE_BYTES} of a datagram; dropped")
    data = data.lstrip(b"\r\n")  # RFC 3261 §7.5: empty lines before the start line are ignored
    ends = [(at, size) for mark, size in ((b"\r\n\r\n", 4), (b"\n\n", 2)) if (at := data.find(mark)) >= 0]
    if not ends:
        raise SipParseError("the headers have no end; dropped")
    end, size = min(ends)
    start, _, rest = data[:end].decode("utf-8", "replace").partition("\n")
    pairs = header_lines(rest)
    lengths = {value for name, value in pairs if name.lower() == "content-length"}
    body = _body(data[end + size :], lengths)
    headers = Headers(tuple(item for item in pairs if item[0].lower() != "content-length"))
    return _started(start.rstrip("\r"), headers, body)


def _body(rest: bytes, lengths: set[str]) -> bytes:
    if not lengths:
        return rest  # RFC 3261 §18.3: over UDP the body then reaches to the end of the datagram
    length = lengths.pop()
    if lengths or not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > len(rest):
        raise SipParseError(
            f"Content-Length {length[:20]!r} does not fit the {len(rest)} bytes that came; dropped"
        )
    return rest[: int(length)]


def _started(line: str, headers: Headers, body: bytes) -> SipMessage:
    if len(line) > MAX_LINE_CHARS or _CONTROL.search(line):
        raise SipParseError("the start line is too long or has control characters; dropped")
    if match := re.fullmatch(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?", line, re.IGNORECASE):
        return SipResponse(int(match[1]), (match[2] or "").strip(" \t"), headers, body)
    method, _, target = line.partition(" ")
    uri, _, version = target.rpartition(" ")
    if not _TOKEN.fullmatch(method) or not uri or " " in uri or "\t" in uri or version.upper() != "SIP/2.0":
        raise SipParseError(f"no SIP start line: {line[:80]!r}")
    return SipRequest(method, uri, headers, body)


def serialise(message: SipMessage) -> bytes:
    """Write a message with its Content-Length. Raises HeaderRefused for one that would not parse again."""
    if isinstance(message, SipRequest):
        start = f"{message.method} {message.uri} SIP/2.0"
        sound = (
            _TOKEN.fullmatch(message.method)
            and message.uri
            and not re.search(r"[\s\x00-\x1f\x7f]", message.uri)
        )
    else:
        start = f"SIP/2.0 {message.code} {message.reason}"
        sound = not _CONTROL.search(message.reason)
    if not sound:
        raise HeaderRefused(f"the start line {start[:80]!r} would break the message; clean it first")
    lines = [start, *(f"{name}: {value}" for name, value in Headers.of(message.headers))]
    lines.append(f"Content-Length: {len(message.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace") + message.body
