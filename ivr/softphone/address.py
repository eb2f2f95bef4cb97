"""Names and addresses in SIP headers: From, To, Contact, Refer-To, Via (RFC 3261 §20, §25). Pure."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from ivr.softphone.errors import SipParseError

_USER_SAFE = "-_.!~*'()&=+$,;?/"  # unreserved and user-unreserved, RFC 3261 §25.1
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SIP_URI = re.compile(
    r"sips?:(?:([^@\s<>]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.\-]+)(?::([0-9]{1,5}))?((?:[;?][^\s<>]*)?)",
    re.IGNORECASE,
)
_VIA = re.compile(
    r"\s*SIP\s*/\s*2\.0\s*/\s*[A-Za-z]+\s+(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.\-]+)(?:\s*:\s*([0-9]{1,5}))?\s*(;.*)?",
    re.IGNORECASE,
)
SIP_PORT = 5060  # RFC 3261 §19.1.2


def parameters(text: str) -> dict[str, str]:
    """Read `;name=value;flag` into a dict with lower-case names; quoted values lose their quotes."""
    found: dict[str, str] = {}
    for item in re.findall(r';\s*([^;="\s]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^;"]*))?', text):
        found.setdefault(item[0].lower(), unquoted(item[1].strip()))
    return found


def quoted(text: str) -> str:
    """Write text as a quoted-string (RFC 3261 §25.1)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquoted(text: str) -> str:
    """Read a quoted-string; text without quotes comes back as it is."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


@dataclass(frozen=True, slots=True)
class SipUri:
    """A sip: URI; `user` is unescaped, `rest` the parameters and headers as they came."""

    host: str
    port: int = SIP_PORT
    user: str = ""
    rest: str = ""

    @classmethod
    def parse(cls, text: str) -> "SipUri":
        """Raises SipParseError for what is no sip: URI."""
        match = _SIP_URI.fullmatch(text.strip())
        if match is None or int(match[3] or SIP_PORT) > 65_535:
            raise SipParseError(f"no SIP address: {text[:80]!r}")
        user = unquote((match[1] or "").split(":", 1)[0])
        return cls(match[2], int(match[3] or SIP_PORT), user, match[4])

    def __str__(self) -> str:
        user = quote(self.user, safe=_USER_SAFE) + "@" if self.user else ""
        return f"sip:{user}{self.host}:{self.port}{self.rest}"


@dataclass(frozen=True, slots=True)
class NameAddr:
    """`"Display" <uri>;params`, the value of From, To, Contact and Refer-To."""

    uri: str
    display_name: str = ""
    params: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """Raises SipParseError for what holds no address."""
        # By hand, not by one regex: one that tries every split of white space takes seconds for a hostile line.
        text = text.strip()
        if text.startswith('"'):
            match = _QUOTED.match(text)
            name, rest = (unquoted(match[0]), text[match.end() :].lstrip()) if match else ("", "")
        else:
            before, _, _ = text.partition("<")
            name, rest = before.strip(), text[len(before) :]
        inside, bracket, after = rest.removeprefix("<").partition(">")
        if rest.startswith("<") and bracket and not set(inside) & set('<"'):
            return cls(inside.strip(), name, parameters(after))
        # Without <>, parameters are the header's own (RFC 3261 §20).
        uri, semicolon, after = text.partition(";")
        uri = uri.rstrip()
        if not uri or set(uri) & set('<>" \t'):
            raise SipParseError(f"no address: {text[:80]!r}")
        return cls(uri, "", parameters(semicolon + after))

    @property
    def tag(self) -> str:
        """The dialog tag, "" when there is none."""
        return self.params.get("tag", "")

    def __str__(self) -> str:
        name = quoted(self.display_name) + " " if self.display_name else ""
        params = "".join(f";{key}={value}" if value else f";{key}" for key, value in self.params.items())
        return f"{name}<{self.uri}>{params}"


@dataclass(frozen=True, slots=True)
class Via:
    """The topmost Via: where a request came from and which transaction it belongs to."""

    host: str
    port: int
    params: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "Via":
        """Raises SipParseError for what is no Via."""
        match = _VIA.fullmatch(text)
        if match is None:
            raise SipParseError(f"no Via: {text[:80]!r}")
        return cls(match[1], int(match[2] or SIP_PORT), parameters(match[3] or ""))

    @property
    def branch(self) -> str:
        """The transaction's mark (RFC 3261 §8.1.1.7)."""
        return self.params.get("branch", "")
