"""What Asterisk tells about a call before the first command. Pure: takes lines, gives an AgiEnvironment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ivr.fastagi.errors import AgiProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LINES = 100
"""Lines of the environment. Asterisk 22 sends 21 and one for each argument of AGI()."""

_FIELD = re.compile(r"(agi_[a-z0-9_]+):[ ]?(.*)", re.DOTALL)
_ARGUMENT = re.compile(r"agi_arg_(\d{1,3})")


@dataclass(frozen=True, slots=True)
class AgiEnvironment:
    """One call as its dialplan leg knows it. Texts come from the line: hostile. Empty: not known.

    The number, the name and whatever may contain them stay out of `repr`, hence out of logs.
    """

    channel: str
    uniqueid: str
    context: str
    extension: str
    script: str
    """The path of `agi://host/path`, without the leading slash."""
    dialled: str
    """The number that the caller dialled; the extension when the trunk does not tell."""
    language: str
    version: str
    """Asterisk's own version."""
    caller_number: str = field(repr=False)
    caller_name: str = field(repr=False)
    request: str = field(repr=False)
    """The whole URL, as given to AGI()."""
    arguments: tuple[str, ...] = field(default=(), repr=False)
    """What the dialplan gave to AGI() after the URL."""


def parse_environment(lines: Iterable[str]) -> AgiEnvironment:
    """Read the environment's lines (no line ends, without the empty last one). Raises AgiProtocolError.

    A key that comes twice is refused: a line end in a caller's name must not overwrite what Asterisk says.
    """
    found: dict[str, str] = {}
    for count, line in enumerate(lines, start=1):
        matched = _FIELD.fullmatch(line)
        if matched is None:
            raise AgiProtocolError(f"line {count} of the AGI environment is no `agi_…: …`")
        if matched[1] in found:
            raise AgiProtocolError(f"{matched[1]} comes twice in the AGI environment")
        if count > MAX_LINES:
            raise AgiProtocolError(f"the AGI environment has more than {MAX_LINES} lines")
        found[matched[1]] = "" if matched[2] == "unknown" else matched[2].strip()
    if not found.get("agi_channel") or not found.get("agi_uniqueid"):
        raise AgiProtocolError("the AGI environment names no channel and uniqueid")
    numbered = sorted((int(m[1]), value) for key, value in found.items() if (m := _ARGUMENT.fullmatch(key)))
    extension = found.get("agi_extension", "")
    return AgiEnvironment(
        channel=found["agi_channel"],
        uniqueid=found["agi_uniqueid"],
        context=found.get("agi_context", ""),
        extension=extension,
        script=found.get("agi_network_script", ""),
        dialled=found.get("agi_dnid", "") or extension,
        language=found.get("agi_language", ""),
        version=found.get("agi_version", ""),
        caller_number=found.get("agi_callerid", ""),
        caller_name=found.get("agi_calleridname", ""),
        request=found.get("agi_request", ""),
        arguments=tuple(value for _number, value in numbered),
    )
