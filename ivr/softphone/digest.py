"""Digest authentication, MD5 as Asterisk's `auth_type=userpass` speaks it (RFC 3261 §22, RFC 2617). Pure."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from ivr.softphone.address import quoted, unquoted
from ivr.softphone.message import SipRequest, SipResponse

_PAIR = re.compile(r'\b([A-Za-z]{1,32})\s{0,8}=\s*("(?:[^"\\]|\\.)*"|[^\s,]*)\s*(?:,|$)')
CHALLENGES = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are towards a registrar or proxy; the secret never shows in a repr or a log."""

    user: str
    secret: str = field(repr=False)


def fields(value: str) -> dict[str, str]:
    """Read `Digest a="b", c=d` into a dict with lower-case names; {} for another scheme."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {name.lower(): unquoted(text) for name, text in _PAIR.findall(rest)}


def _hash(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # MD5 is what SIP's digest is


def proof(who: Credentials, method: str, uri: str, given: dict[str, str]) -> str:
    """Compute the `response` value; `given` holds realm, nonce and, with qop=auth, nc and cnonce."""
    first = _hash(f"{who.user}:{given.get('realm', '')}:{who.secret}")
    second = _hash(f"{method}:{uri}")
    nonce = given.get("nonce", "")
    if given.get("qop") == "auth":
        return _hash(f"{first}:{nonce}:{given.get('nc', '')}:{given.get('cnonce', '')}:auth:{second}")
    return _hash(f"{first}:{nonce}:{second}")


def answer(who: Credentials, request: SipRequest, challenge: SipResponse) -> tuple[str, str] | None:
    """Return the header that answers a 401 or 407; None when we cannot (no MD5 digest was asked for)."""
    names = CHALLENGES.get(challenge.code)
    if names is None:
        return None
    # Not Headers.every(): a challenge's own commas are no list of headers (RFC 3261 §7.3.1).
    for name, value in challenge.headers:
        asked = fields(value) if name.lower() == names[0].lower() else {}
        if not asked.get("nonce") or asked.get("algorithm", "MD5").upper() != "MD5":
            continue
        given: dict[str, str] = {key: asked[key] for key in ("realm", "nonce", "opaque") if key in asked}
        given |= {"uri": request.uri, "username": who.user}
        if "auth" in re.split(r"[\s,]+", asked.get("qop", "")):
            given |= {"qop": "auth", "nc": "00000001", "cnonce": secrets.token_hex(8)}
        given["response"] = proof(who, request.method, request.uri, given)
        bare = ("qop", "nc")  # RFC 2617 §3.2.2: these stand without quotes
        text = ", ".join(f"{key}={given[key] if key in bare else quoted(given[key])}" for key in given)
        return names[1], f"Digest {text}, algorithm=MD5"
    return None


def verified(who: Credentials, request: SipRequest, nonce: str, header: str = "Authorization") -> bool:
    """Tell whether a request proves these credentials for that nonce (the registrar's side)."""
    given = fields(request.headers.get(header))
    if given.get("username") != who.user or given.get("nonce") != nonce or given.get("uri") != request.uri:
        return False
    expected = proof(who, request.method, request.uri, given)
    return hmac.compare_digest(expected, given.get("response", ""))
