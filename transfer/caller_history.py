"""The calls of the last hours by the number that they came from, for the person who takes the next one.

History never changes where a call goes (law 1): nothing that decides reads it. A person who takes the fifth call from
a number that said nothing four times should know so, and should know as well that the one before was an emergency.

All of it is in memory, a fold over the events that go into the record. What was before this process began is read from
the database, off the deciding path (`load`); without a database the history begins with the process.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from records.call_record import CallRecord
from records.events import CallEvent, EventKind, JsonValue
from transfer.call_kind import LABELS, CallKind, kind_of, kind_of_record
from transfer.caller_number import one_spelling

MAX_NUMBERS = 20_000
"""Thirty lines that never rest take about so many calls in a day."""
MAX_CALLS = 200
"""Of one number; 73 calls within 90 minutes have been seen."""
_HARDLY_ANSWERED = timedelta(seconds=5)
"""A call that ended sooner, undecided and in no queue: the caller hung up without a word."""
_TIDY_EVERY = timedelta(minutes=10)
_KINDS = frozenset({EventKind.STARTED, EventKind.DECIDED, EventKind.QUEUED, EventKind.ENDED})


@dataclass(frozen=True, slots=True)
class History:
    """The calls from one number before this one, within the last `hours`."""

    hours: int
    kinds: Mapping[CallKind, int]
    """How many of each; kinds that did not come are not here."""
    at_least: bool = False
    """There were more than are remembered."""

    @property
    def calls(self) -> int:
        """How many calls there were before this one."""
        return sum(self.kinds.values())

    @property
    def text(self) -> str:
        """One line for the person who takes the call, `24小时内第5次来电：无声3 辱骂1`; empty for a first call."""
        if not self.calls:
            return ""
        counts = " ".join(f"{LABELS[kind]}{self.kinds[kind]}" for kind in CallKind if kind in self.kinds)
        return f"{self.hours}小时内{'至少' if self.at_least else ''}第{self.calls + 1}次来电：{counts}"

    def as_json(self) -> JsonValue:
        """Plain JSON types, for the record; None for a first call."""
        if not self.calls:
            return None
        kinds = {kind.value: self.kinds[kind] for kind in CallKind if kind in self.kinds}
        return {"text": self.text, "hours": self.hours, "calls": self.calls, "kinds": kinds}


@dataclass(slots=True)
class _Call:
    at: datetime
    kind: CallKind = CallKind.OTHER
    decided: bool = False
    waited: bool = False
    """It came to a queue: how it ends says nothing about what it was."""


class CallerHistory:
    """Who has called before. Thread-safe; nothing in it waits for anything but its own short lock.

    Bounded: of too many numbers the one not heard of longest is forgotten, of too many calls of a number the oldest.
    """

    def __init__(
        self,
        hours: int,
        *,
        max_numbers: int = MAX_NUMBERS,
        max_calls: int = MAX_CALLS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`hours` 0: nothing is remembered."""
        self._hours = hours
        self._max_numbers = max_numbers
        self._max_calls = max_calls
        self._now = now
        self._lock = threading.Lock()
        self._calls: OrderedDict[str, dict[str, _Call]] = OrderedDict()
        """By number, the one not heard of longest first; then by the call's id."""
        self._numbers: OrderedDict[str, str] = OrderedDict()
        """Of each call its number: only a call's beginning tells it."""
        self._tidied = now()

    @property
    def since(self) -> datetime:
        """Calls that began before this time are no history any more."""
        return self._now() - timedelta(hours=self._hours)

    def take(self, event: CallEvent) -> None:
        """Take in what happens to a call; what does not matter here is passed over."""
        if event.kind not in _KINDS or not self._hours:
            return
        with self._lock:
            if event.kind is EventKind.STARTED:
                self._begin(one_spelling(str(event.data.get("caller") or "")), event.call_id, event.at)
                return
            call = self._calls.get(self._numbers.get(event.call_id, ""), {}).get(event.call_id)
            if call is None:
                return
            if event.kind is EventKind.DECIDED:
                call.kind, call.decided = kind_of(event.data), True
            elif event.kind is EventKind.QUEUED:
                call.waited = True
            elif not (call.decided or call.waited):
                call.kind = _kind_undecided(call.at, event.at)

    def load(self, record: CallRecord) -> None:
        """Take in a call of before. Give the latest first: what is forgotten for want of room is the oldest.

        A call whose decision we saw keeps it. Of others the record knows more: of calls before our time the call log
        tells us nothing but when they began and ended.
        """
        number = one_spelling(record.caller or "")
        at = record.started_at or record.first_at
        if not number or not self._hours or at < self.since:
            return
        call = _Call(at)
        if record.decided_at is not None:
            call = _Call(at, kind_of_record(record), decided=True)
        elif record.queued_at is not None:
            call = _Call(at, waited=True)
        elif record.ended_at is not None:
            call = _Call(at, _kind_undecided(at, record.ended_at))
        with self._lock:
            known = self._calls.get(number)
            if known is None:
                if len(self._calls) >= self._max_numbers:
                    return
                known = self._calls[number] = {}
                self._calls.move_to_end(number, last=False)
            if record.call_id in known and known[record.call_id].decided:
                return
            self._keep(known, record.call_id, call)

    def before(self, caller: str, call_id: str) -> History:
        """The calls from the number `caller` (as it came) other than `call_id`. Hidden numbers have none."""
        number, since = one_spelling(caller), self.since
        with self._lock:
            known = self._calls.get(number, {})
            kinds = Counter(call.kind for key, call in known.items() if key != call_id and call.at >= since)
        return History(self._hours, dict(kinds), at_least=kinds.total() + 1 >= self._max_calls)

    def _begin(self, number: str, call_id: str, at: datetime) -> None:
        self._tidy()
        if not number or at < self.since:
            return
        known = self._calls.setdefault(number, {})
        self._calls.move_to_end(number)
        if call_id in known:  # told again, by AMI or the call log
            return
        self._keep(known, call_id, _Call(at))
        self._numbers[call_id] = number
        if len(self._calls) > self._max_numbers:
            self._calls.popitem(last=False)
        if len(self._numbers) > self._max_numbers:
            self._numbers.popitem(last=False)

    def _keep(self, known: dict[str, _Call], call_id: str, call: _Call) -> None:
        known[call_id] = call
        if len(known) > self._max_calls:
            del known[min(known, key=lambda key: known[key].at)]

    def _tidy(self) -> None:
        """Forget what is too old, now and then: numbers are not kept for longer than they are needed."""
        if self._now() - self._tidied < _TIDY_EVERY:
            return
        self._tidied, since = self._now(), self.since
        for number in list(self._calls):
            kept = {key: call for key, call in self._calls[number].items() if call.at >= since}
            if kept:
                self._calls[number] = kept
            else:
                del self._calls[number]
        left = {key for known in self._calls.values() for key in known}
        for call_id in [key for key in self._numbers if key not in left]:
            del self._numbers[call_id]


def _kind_undecided(began: datetime, ended: datetime) -> CallKind:
    return CallKind.VOID if ended - began < _HARDLY_ANSWERED else CallKind.OTHER
