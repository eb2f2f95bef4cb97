r"""AMI packs, both ways. Pure: takes bytes and gives events and answers, takes fields and gives lines.

asterisk-ami's own readers split a pack with `str.splitlines`, which also splits at U+2028, U+0085, VT, FF and
others: a caller's name with one of them brings headers of the caller's own making. Here CR LF alone does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from ivr.ami.errors import AmiFieldRefused, AmiProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PACK_BYTES = 1024 * 1024
"""Largest pack that is read; the answer to a Command is one pack."""
MAX_LINE_BYTES = 1000
"""Longest header that is sent: Asterisk reads lines into 1,024 bytes, drops actions with longer ones."""

FieldValue = str | int | Mapping[str, str]
"""A header's value; a mapping only for `Variable`: one header `Variable: name=value` for each."""

_BANNER = re.compile(rb"Asterisk Call Manager/[0-9.]+\r\n")
_MAX_BANNER_BYTES = 200
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}(\([A-Za-z0-9_,:.@/ -]{0,200}\))?")
_BREAKS = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class AmiEvent:
    """Something happened in Asterisk. Texts may be the caller's: hostile; fields stay out of `repr`."""

    name: str
    fields: Mapping[str, str] = field(repr=False)
    """Headers; of one that is repeated the first, so that none can be overwritten by what follows it."""
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Channel variables (manager.conf `channelvars`) under `ChanVariable`, `DestChanVariable`, …"""

    def channel_variable(self, name: str, header: str = "ChanVariable") -> str:
        """Value of a variable of the event's (first) channel; empty when it has none."""
        return self.variables.get(header, {}).get(name, "")


@dataclass(frozen=True, slots=True)
class AmiResponse:
    """Asterisk's answer to an action. `status`: Success, Error, Goodbye, Follows."""

    status: str
    fields: Mapping[str, str] = field(repr=False)
    output: tuple[str, ...] = field(default=(), repr=False)
    """The lines that a Command wrote."""

    @property
    def is_error(self) -> bool:
        """Whether the action was refused."""
        return self.status.lower() == "error"

    @property
    def message(self) -> str:
        """Asterisk's own words; empty if it said none."""
        return self.fields.get("Message", "")


class PackReader:
    """Cuts what arrives into packs. The banner comes first and must be Asterisk's."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._searched = 0
        self.greeted = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take `data` in and give the packs that are whole now. Raises AmiProtocolError."""
        self._received += data
        if not self.greeted and not self._greet():
            return
        while (end := self._received.find(b"\r\n\r\n", self._searched)) >= 0:
            pack = bytes(self._received[:end])
            del self._received[: end + 4]
            self._searched = 0
            yield pack
        self._searched = max(len(self._received) - 3, 0)
        if len(self._received) > MAX_PACK_BYTES:
            raise AmiProtocolError(f"an AMI pack of more than {MAX_PACK_BYTES} bytes")

    def _greet(self) -> bool:
        end = self._received.find(b"\r\n")
        if end < 0 and len(self._received) <= _MAX_BANNER_BYTES:
            return False
        if not _BANNER.match(self._received):
            raise AmiProtocolError("this port does not greet as Asterisk's manager interface")
        del self._received[: end + 2]
        self.greeted = True
        return True


def event_name(pack: bytes) -> str | None:
    """Name of the event that `pack` is, found without reading the rest; None when it is no event."""
    if pack[:7].lower() != b"event: ":
        return None
    return pack[7:].partition(b"\r\n")[0].decode("utf-8", "replace").strip()


def parse_pack(pack: bytes) -> AmiEvent | AmiResponse | None:
    """Read one pack; None for what is neither event nor answer. Never raises, whatever the bytes."""
    lines = pack.decode("utf-8", "replace").split("\r\n")
    kind, _colon, name = (part.strip() for part in lines[0].partition(":"))
    fields: dict[str, str] = {}
    variables: dict[str, dict[str, str]] = {}
    output: list[str] = []
    for line in lines[1:]:
        key, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not colon:
            continue
        if key == "Output":
            output.append(value)
        elif key.endswith("ChanVariable"):
            variable, _equals, content = value.partition("=")
            variables.setdefault(key, {}).setdefault(variable, content)
        else:
            fields.setdefault(key, value)
    if kind.lower() == "event":
        return AmiEvent(name, MappingProxyType(fields), MappingProxyType(variables))
    if kind.lower() == "response":
        return AmiResponse(name, MappingProxyType(fields), tuple(output))
    return None


def check_fields(action: str, fields: Mapping[str, FieldValue]) -> tuple[dict[str, str], dict[str, str]]:
    """Check an action before it is sent; its headers and its variables. Raises AmiFieldRefused.

    A value with a line end is refused, not mended: it is an attack or a mistake.
    """
    headers: dict[str, str] = {}
    variables: dict[str, str] = {}
    _checked("Action", action, _FIELD_NAME)
    for key, value in fields.items():
        if not _FIELD_NAME.fullmatch(key) or key.lower() in {"action", "actionid"}:
            raise AmiFieldRefused(f"{key!r} is no header that an action may have")
        if isinstance(value, Mapping):
            if key != "Variable":
                raise AmiFieldRefused(f"{key} takes one value; a mapping is for Variable")
            for name, content in value.items():
                _checked("Variable", name, _VARIABLE)
                variables[name] = _checked("Variable", content, None, len(name) + 1)
        else:
            headers[key] = _checked(key, str(value), None)
    return headers, variables


def _checked(header: str, value: str, allowed: re.Pattern[str] | None, extra: int = 0) -> str:
    if allowed is not None and not allowed.fullmatch(value):
        raise AmiFieldRefused(f"{value!r} cannot be the value of {header}")
    if _BREAKS.search(value):
        raise AmiFieldRefused(f"the value of {header} has a line end in it")
    if len(header) + 2 + extra + len(value.encode("utf-8", "replace")) > MAX_LINE_BYTES:
        raise AmiFieldRefused(f"{header} is longer than the {MAX_LINE_BYTES} bytes that Asterisk reads")
    return value
