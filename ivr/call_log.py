"""Asterisk's own call records: what is left to read of calls that came while all of us were down (law 5).

Asterisk writes a line into `calls.csv` when a call is over, with the caller's channel's unique id, from which the
call's identity is made. Beginnings and ends that were recorded already are written once all the same, so every line
can simply be told again; a bookmark only spares reading old ones.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ivr.growing_file import GrowingFile
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
        self._file = GrowingFile(path, bookmark)

    def tell(self, journal: Journal) -> int:
        """Note the beginning and the end of every call that is new in the file; how many there were.

        Called when we begin, when AMI is back, and now and then: in between, AMI tells.
        """
        text, bookmark = self._file.read()
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
        self._file.keep(bookmark)
        return len(calls)


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
