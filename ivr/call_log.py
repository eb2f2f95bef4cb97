"""Asterisk's own call records: what is left to read of calls that came while all of us were down (law 5).

Asterisk writes a line into `calls.csv` when a call is over, with the caller's channel's unique id, from which the
call's identity is made. Beginnings and ends that were recorded already are written once all the same, so every line
can simply be told again; a bookmark only spares reading old ones.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
_SECONDS = re.compile(r"\d{1,11}(\.\d{1,9})?")


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
    for number, line in enumerate(text.splitlines(), 1):
        row = next(csv.reader([line[:_LONGEST_LINE]]), [])
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
        text, position = self._read()
        count = 0
        for call in parse(text):
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
            count += 1
        self._bookmark.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._bookmark.with_suffix(".new")
        fresh.write_text(f"{position}\n", encoding="ascii")
        fresh.replace(self._bookmark)
        return count

    def _read(self) -> tuple[str, int]:
        """What is new, whole lines only, and where it ends. A file shorter than the bookmark was begun anew."""
        try:
            size = self._path.stat().st_size
            position = self._position()
            with self._path.open("rb") as file:
                file.seek(position if position <= size else 0)
                begin = file.tell()
                data = file.read()
        except FileNotFoundError:
            return "", 0
        except OSError as error:
            log.warning("call_log.unreadable", path=str(self._path), reason=error.strerror)
            return "", self._position()
        whole = data[: data.rfind(b"\n") + 1]
        return whole.decode("utf-8", "replace"), begin + len(whole)

    def _position(self) -> int:
        try:
            text = self._bookmark.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return 0
        return int(text) if text.isdecimal() else 0
