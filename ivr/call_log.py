"""Asterisk's own call records: what is left to read of calls that came while all of us were down (law 5).

Asterisk writes a line into `calls.csv` when a call is over, with the caller's channel's unique id, from which the
call's identity is made. Beginnings and ends that were recorded already are written once all the same, so every line
can simply be told again; a bookmark only spares reading old ones.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ivr.journal import Journal, call_id_of

log = structlog.get_logger(__name__)

# The order of cdr_custom.conf.
_FIELDS = (
    "uniqueid",
    "linkedid",
    "start",
    "answer",
    "end",
    "caller",
    "dialled",
    "application",
    "disposition",
)
_LONGEST_LINE = 4096
_SECONDS = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?")
_BOOKMARK = re.compile(r"([0-9]{1,20}) ([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One finished call as Asterisk tells it."""

    uniqueid: str
    started_at: datetime
    ended_at: datetime
    caller: str
    dialled: str
    disposition: str


def parse(text: str) -> Iterator[LoggedCall]:
    """The callers' own lines (agents' legs are passed over); a line that is not as it should be is logged."""
    # At LF alone: splitlines also splits at U+2028 and the like, and a caller's number could hold a call of its own.
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        try:
            row = next(csv.reader([line[:_LONGEST_LINE]]), [])
        except csv.Error:  # a bare CR in it
            row = []
        if len(row) < len(_FIELDS):
            log.warning("call_log.line_broken", line=number)
            continue
        fields = dict(zip(_FIELDS, row, strict=False))
        if fields["uniqueid"] != fields["linkedid"]:
            continue
        start, end = _time(fields["start"]), _time(fields["end"])
        if start is None or end is None:
            log.warning("call_log.times_broken", line=number)
            continue
        yield LoggedCall(
            fields["uniqueid"], start, end, fields["caller"], fields["dialled"], fields["disposition"]
        )


def _time(text: str) -> datetime | None:
    return datetime.fromtimestamp(float(text), UTC) if _SECONDS.fullmatch(text) and float(text) > 0 else None


class CallLog:
    """Reads `path` from where it was last read to, which is kept in `bookmark`."""

    def __init__(self, path: Path, bookmark: Path) -> None:
        self._path = path
        self._bookmark = bookmark

    def tell(self, journal: Journal) -> int:
        """Note the beginning and the end of every call that is new in the file; how many there were.

        Called when we begin and when AMI is back: between those, AMI tells. A file that is not there is empty.
        """
        text, bookmark = self._read()
        calls = _whole(parse(text))
        for call in calls:
            call_id = call_id_of(call.uniqueid)
            journal.started(
                call_id,
                caller=call.caller,
                display_name="",
                dialled=call.dialled,
                sip_call_id="",
                channel="",
                at=call.started_at,
            )
            journal.ended(call_id, f"read afterwards: {call.disposition.lower()}", at=call.ended_at)
        if bookmark is not None:
            self._keep(bookmark)
        return len(calls)

    def _read(self) -> tuple[str, str | None]:
        """What is new, whole lines only, and the bookmark behind it; None when there was nothing to read.

        Another file than the bookmark's, or one that is shorter, was begun anew (rotated) and is read from its
        beginning: told twice is written once.
        """
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                inode, position = self._position()
                same = inode == status.st_ino and position <= status.st_size
                begin = file.seek(position if same else 0)
                data = file.read()
        except FileNotFoundError:
            return "", None
        except OSError as error:
            log.warning("call_log.unreadable", path=str(self._path), reason=error.strerror)
            return "", None
        whole = data[: data.rfind(b"\n") + 1]
        return whole.decode("utf-8", "replace"), f"{status.st_ino} {begin + len(whole)}"

    def _position(self) -> tuple[int, int]:
        """The file (its inode) and the place in it, in bytes, that all has been told up to."""
        try:
            found = _BOOKMARK.fullmatch(self._bookmark.read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError):
            return 0, 0
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def _keep(self, bookmark: str) -> None:
        fresh = self._bookmark.with_suffix(".new")
        try:
            self._bookmark.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(f"{bookmark}\n", encoding="ascii")
            fresh.replace(self._bookmark)
        except OSError as error:  # the same lines are told again next time, and written once
            log.warning("call_log.bookmark_lost", path=str(self._bookmark), reason=error.strerror)


def _whole(parts: Iterable[LoggedCall]) -> list[LoggedCall]:
    """One line a call: Asterisk writes one for each stretch with another partner, the last end is the call's."""
    calls: dict[str, LoggedCall] = {}
    for part in parts:
        known = calls.get(part.uniqueid)
        if known is None:
            calls[part.uniqueid] = part
        else:
            last = part if part.ended_at >= known.ended_at else known
            began = min(known.started_at, part.started_at)
            calls[part.uniqueid] = replace(
                known, started_at=began, ended_at=last.ended_at, disposition=last.disposition
            )
    return list(calls.values())
