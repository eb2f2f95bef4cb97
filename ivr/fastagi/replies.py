"""AGI answers, from Asterisk to us. Pure: takes lines without their line end, gives a Reply or refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.fastagi.errors import AgiProtocolError

HANGUP = "HANGUP"
"""The line that Asterisk sends at any moment when the caller has hung up (unless AGISIGHUP=no)."""

_STATUS = re.compile(r"(\d{3})([ -])(.*)", re.DOTALL)
_RESULT = re.compile(r"result=(\S*)(?: \((.*)\))?(?: endpos=\d+)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `value`: what stands in brackets, None without brackets; may be of several lines."""

    code: int
    result: str
    value: str | None
    text: str

    @property
    def is_usage(self) -> bool:
        """Whether this is the first line of several that end with a line `520 …`."""
        return self.code == 520 and self.text.startswith("520-")


def parse_reply(text: str) -> Reply:
    """Read an answer; `text` has several lines when a variable's value has. Raises AgiProtocolError."""
    status = _STATUS.fullmatch(text)
    if status is None:
        raise AgiProtocolError(f"expected an AGI answer, got {len(text)} characters that are none")
    code = int(status[1])
    if code != 200:
        return Reply(code, "", None, text)
    result = _RESULT.fullmatch(status[3])
    if result is None:
        raise AgiProtocolError("an AGI answer 200 without a readable result")
    return Reply(code, result[1], result[2], text)


def begins_value(line: str) -> bool:
    """Whether `line` answers with a value, which may go on in the next lines."""
    return line.startswith("200 result=1 (")
