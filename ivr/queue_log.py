"""Asterisk's own queue log: who joined which queue and who answered, of the time when nobody listened on AMI (law 5).

Asterisk writes a line for each of a queue's events, with the caller's unique id and whole seconds since 1970:

    1795320885|minsheng110-1795320880.1|police|NONE|ENTERQUEUE||13800138000|1
    1795320888|minsheng110-1795320880.1|police|p101|CONNECT|3|minsheng110-1795320886.2|2

The record has a caller's joining of a queue once and a member's answer once, whoever tells first, so a line that AMI
has told already changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ivr.growing_file import GrowingFile
from ivr.journal import Journal, call_id_of

log = structlog.get_logger(__name__)

_LINE = re.compile(
    r"(?P<at>[0-9]{1,11})\|(?P<uniqueid>[\w.-]{0,80}[0-9]{1,11}\.[0-9]{1,10})\|(?P<queue>[a-z]{1,20})\|"
    r"(?P<member>[^|]{1,80})\|(?P<event>ENTERQUEUE|CONNECT)\|.*"
)
"""The lines that are wanted; the caller's number comes after all that is read here, and cannot add to it."""

_WITHIN_S = 0.999
"""The log drops a second's fraction; its end comes behind what else happened in that second: the call's beginning."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A caller has joined a queue; or, with a `member`, has been answered there."""

    uniqueid: str
    queue: str
    member: str
    """Its name, as `p101`; empty for joining."""
    at: datetime


def parse(text: str) -> Iterator[QueueLine]:
    """The lines that tell of joining and of answers; all others are passed over."""
    for line in text.split("\n"):
        if found := _LINE.fullmatch(line):
            answered = found["event"] == "CONNECT"
            yield QueueLine(
                found["uniqueid"],
                found["queue"],
                found["member"] if answered else "",
                datetime.fromtimestamp(int(found["at"]) + _WITHIN_S, UTC),
            )


class QueueLog:
    """Reads `path` from where it was last read to, which is kept in `bookmark`."""

    def __init__(self, path: Path, bookmark: Path, members: dict[str, str]) -> None:
        """`members`: from a member's name to its interface, as AMI and the record call it (`PJSIP/p101`)."""
        self._file = GrowingFile(path, bookmark)
        self._members = members

    def tell(self, journal: Journal) -> int:
        """Note what is new in the file; how many lines told something."""
        text, bookmark = self._file.read()
        told = 0
        for line in parse(text):
            call_id = call_id_of(line.uniqueid)
            if not line.member:
                journal.queued(call_id, line.queue, line.at, read_afterwards=True)
            else:
                member = self._members.get(line.member, line.member)
                journal.answered(call_id, line.queue, member, line.at, read_afterwards=True)
            told += 1
        self._file.keep(bookmark)
        return told
