"""AGI command lines, from us to Asterisk. Pure: takes values, gives bytes, or refuses.

A line end in a value would start a second command, and so would a line that is too long: Asterisk reads a
command into a buffer (AGI_BUF_LEN in res_agi.c: 2,048 bytes in older versions, 8,192 measured with 22.10.1)
and takes what is left over for the next command.
"""

from __future__ import annotations

import re

from ivr.fastagi.errors import ArgumentRefused

MAX_COMMAND_BYTES = 2047
"""Longest command line with its line end: the smallest AGI_BUF_LEN less the terminating NUL."""
MAX_VALUE_BYTES = 1800
"""What `shortened` keeps by default: leaves room for the command, a name and some escaping."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_NAME = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}(\([A-Za-z0-9_,:.@/ -]{0,200}\))?")
_APPLICATION = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")


def quoted(value: object) -> str:
    r"""`value` as one quoted AGI argument.

    Runs of control characters (line ends, NUL) become one space; a tab stays. `"` and `\` are escaped.
    """
    text = _CONTROL.sub(" ", str(value)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def variable_name(name: str) -> str:
    """Check the name of a variable, as `CALL_ID`, `__CALL_ID` or a function as `TIMEOUT(absolute)`.

    Returns it unchanged. Raises ArgumentRefused for all else.
    """
    if not _NAME.fullmatch(name):
        raise ArgumentRefused(f"{name!r} is no name of a channel variable or dialplan function")
    return name


def application_name(name: str) -> str:
    """Check the name of a dialplan application and return it. Raises ArgumentRefused."""
    if not _APPLICATION.fullmatch(name):
        raise ArgumentRefused(f"{name!r} is no name of a dialplan application")
    return name


def command_line(command: str, *arguments: object) -> bytes:
    """One command with its line end, in UTF-8. `arguments` are sent as they are: quote them before.

    Raises ArgumentRefused when the line holds a control character or is longer than MAX_COMMAND_BYTES.
    """
    line = " ".join([command, *map(str, arguments)]).strip()
    if _CONTROL.search(line):
        raise ArgumentRefused(f"a control character in an unquoted argument of {command}; quote it")
    data = line.encode("utf-8", "replace") + b"\n"
    if len(data) > MAX_COMMAND_BYTES:
        raise ArgumentRefused(
            f"{command} has {len(data)} bytes, Asterisk may read no more than {MAX_COMMAND_BYTES}; shorten the value"
        )
    return data


def shortened(text: str, max_bytes: int = MAX_VALUE_BYTES) -> str:
    """`text`, cut between characters to take at most `max_bytes` when quoted; an ellipsis marks the cut."""
    room = max_bytes - 2  # its two quotes
    if _size(text) <= room:
        return text
    room -= len("…".encode())
    kept = 0
    for character in text:
        room -= _size(character)
        if room < 0:
            break
        kept += 1
    return text[:kept] + "…"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace")) + text.count("\\") + text.count('"')
