"""Who has called before: counted within a window, bounded, and the same whoever tells of a call, and in what order."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.call_record import CallRecord
from records.events import CallEvent, EventKind, JsonValue
from records.projection import fold
from transfer.call_kind import CallKind
from transfer.caller_history import CallerHistory, History

BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NUMBER = "13800138000"
DECISIONS: dict[CallKind, dict[str, JsonValue]] = {
    CallKind.EMERGENCY: {"route": "police", "category": "robbery", "reason": "heard", "text": "抢劫"},
    CallKind.LIVELIHOOD: {"route": "minsheng", "category": "water", "reason": "heard", "text": "停水"},
    CallKind.SILENT: {"route": "police", "category": "silent", "reason": "silent", "text": ""},
    CallKind.VOID: {"route": "police", "category": "silent", "reason": "hung_up", "text": ""},
    CallKind.ABUSIVE: {
        "route": "police",
        "category": "unclear",
        "reason": "unclear",
        "text": "x",
        "flags": ["abusive"],
    },
    CallKind.OTHER: {"route": "police", "category": "silent", "reason": "key", "text": ""},
}


class Clock:
    """The history's clock, put where a test wants it."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(clock: Clock) -> CallerHistory:
    return CallerHistory(24, now=clock)


def events(
    call_id: str,
    kind: CallKind | None,
    at: datetime,
    number: str = NUMBER,
    *,
    ends_after_s: float | None = None,
) -> list[CallEvent]:
    """A call: begun, decided unless `kind` is None, and ended where it says when."""
    told = [CallEvent(call_id, EventKind.STARTED, at, {"caller": number})]
    if kind is not None:
        told.append(CallEvent(call_id, EventKind.DECIDED, at + timedelta(seconds=3), DECISIONS[kind]))
    if ends_after_s is not None:
        told.append(
            CallEvent(call_id, EventKind.ENDED, at + timedelta(seconds=ends_after_s), {"cause": "16"})
        )
    return told


def tell(history: CallerHistory, told: list[CallEvent]) -> None:
    for event in told:
        history.take(event)


def test_the_fifth_call_is_told_of_the_four_before(history: CallerHistory, clock: Clock) -> None:
    for n, kind in enumerate([CallKind.SILENT, CallKind.ABUSIVE, CallKind.SILENT, CallKind.SILENT]):
        tell(history, events(f"c{n}", kind, clock.now, "+86" + NUMBER))
        clock.now += timedelta(minutes=10)
    history.take(events("c9", None, clock.now)[0])
    known = history.before(NUMBER, "c9")
    assert known.text == "24小时内第5次来电：无声3 辱骂1"
    assert known.calls == 4
    assert known.as_json() == {
        "text": known.text,
        "hours": 24,
        "calls": 4,
        "kinds": {"silent": 3, "abusive": 1},
    }


def test_a_first_call_has_no_history(history: CallerHistory) -> None:
    history.take(events("c1", None, BEGAN)[0])
    assert history.before(NUMBER, "c1") == History(24, {})
    assert history.before(NUMBER, "c1").text == ""
    assert history.before(NUMBER, "c1").as_json() is None


def test_seventy_three_calls_within_ninety_minutes_are_counted(history: CallerHistory, clock: Clock) -> None:
    for n in range(72):
        tell(history, events(f"c{n}", CallKind.SILENT if n % 2 else CallKind.VOID, clock.now))
        clock.now += timedelta(seconds=75)
    assert history.before(NUMBER, "c72").text == "24小时内第73次来电：无声36 未说清36"


def test_an_emergency_among_them_is_told_first(history: CallerHistory) -> None:
    tell(history, events("c1", CallKind.SILENT, BEGAN))
    tell(history, events("c2", CallKind.EMERGENCY, BEGAN))
    tell(history, events("c3", CallKind.LIVELIHOOD, BEGAN))
    assert history.before(NUMBER, "c4").text == "24小时内第4次来电：警情1 民生1 无声1"


@pytest.mark.parametrize("hidden", ["", "anonymous", "unknown"])
def test_hidden_numbers_are_no_one_caller(history: CallerHistory, hidden: str) -> None:
    tell(history, events("c1", CallKind.SILENT, BEGAN, hidden))
    assert history.before(hidden, "c2").text == ""


def test_calls_that_are_too_old_are_no_history(history: CallerHistory, clock: Clock) -> None:
    tell(history, events("c1", CallKind.SILENT, BEGAN))
    clock.now = BEGAN + timedelta(hours=24)
    assert history.before(NUMBER, "c2").calls == 1
    clock.now += timedelta(seconds=1)
    assert history.before(NUMBER, "c2").calls == 0


def test_numbers_are_forgotten_when_their_calls_are_too_old(history: CallerHistory, clock: Clock) -> None:
    tell(history, events("c1", CallKind.SILENT, BEGAN))
    clock.now = BEGAN + timedelta(hours=25)
    tell(history, events("c2", CallKind.SILENT, clock.now, "13900139000"))
    assert list(history._calls) == ["13900139000"]
    assert list(history._numbers) == ["c2"]


def test_a_call_that_is_still_on_counts_as_a_call(history: CallerHistory) -> None:
    history.take(events("c1", None, BEGAN)[0])
    assert history.before(NUMBER, "c2").text == "24小时内第2次来电：其他1"


@pytest.mark.parametrize(("ends_after_s", "kind"), [(1.0, CallKind.VOID), (60.0, CallKind.OTHER)])
def test_one_that_ends_before_it_is_decided(
    history: CallerHistory, ends_after_s: float, kind: CallKind
) -> None:
    tell(history, events("c1", None, BEGAN, ends_after_s=ends_after_s))
    assert history.before(NUMBER, "c2").kinds == {kind: 1}


def test_one_that_waited_for_a_person_is_no_nuisance_however_short(history: CallerHistory) -> None:
    begun, ended = events("c1", None, BEGAN, ends_after_s=3)
    tell(history, [begun, CallEvent("c1", EventKind.QUEUED, BEGAN, {"queue": "police"}), ended])
    assert history.before(NUMBER, "c2").kinds == {CallKind.OTHER: 1}


def test_the_end_of_a_call_takes_nothing_back(history: CallerHistory) -> None:
    tell(history, events("c1", CallKind.EMERGENCY, BEGAN, ends_after_s=4))
    assert history.before(NUMBER, "c2").kinds == {CallKind.EMERGENCY: 1}


def test_a_beginning_that_is_told_twice_is_one_call(history: CallerHistory) -> None:
    tell(history, events("c1", CallKind.SILENT, BEGAN))
    tell(history, events("c1", None, BEGAN, ends_after_s=60))  # as the call log does
    assert history.before(NUMBER, "c2").kinds == {CallKind.SILENT: 1}


def test_no_hours_no_numbers() -> None:
    off = CallerHistory(0, now=lambda: BEGAN)
    tell(off, events("c1", CallKind.SILENT, BEGAN))
    off.load(fold(events("c2", CallKind.SILENT, BEGAN)))
    assert off.before(NUMBER, "c3").text == ""
    assert not off._calls


# -- from the database -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(CallKind))
def test_a_record_tells_the_same_as_the_events_it_was_made_of(kind: CallKind) -> None:
    seen, read = CallerHistory(24, now=lambda: BEGAN), CallerHistory(24, now=lambda: BEGAN)
    told = events("c1", kind, BEGAN, ends_after_s=30)
    tell(seen, told)
    read.load(fold(told))
    assert seen.before(NUMBER, "x") == read.before(NUMBER, "x") == History(24, {kind: 1})


def test_a_record_of_a_call_that_hung_up_at_once_and_of_one_that_waited(history: CallerHistory) -> None:
    history.load(fold(events("c1", None, BEGAN, ends_after_s=1)))
    begun, ended = events("c2", None, BEGAN, ends_after_s=3)
    history.load(fold([begun, CallEvent("c2", EventKind.QUEUED, BEGAN, {"queue": "police"}), ended]))
    history.load(fold(events("c3", None, BEGAN)))
    assert history.before(NUMBER, "x").kinds == {CallKind.VOID: 1, CallKind.OTHER: 2}


def test_what_we_saw_ourselves_stands_before_what_is_read(history: CallerHistory) -> None:
    """The database is read while calls come; its record of a call may be older than what we know of it."""
    tell(history, events("c1", CallKind.EMERGENCY, BEGAN))
    history.load(fold(events("c1", None, BEGAN)))
    history.take(events("c2", None, BEGAN)[0])
    history.load(fold(events("c2", CallKind.SILENT, BEGAN)))
    assert history.before(NUMBER, "x").kinds == {CallKind.EMERGENCY: 1, CallKind.SILENT: 1}


@pytest.mark.parametrize("ends_after_s", [4, 60])
@pytest.mark.parametrize("log_first", [True, False])
def test_the_record_knows_more_of_a_call_than_the_call_log(
    history: CallerHistory, ends_after_s: float, *, log_first: bool
) -> None:
    """After a restart Asterisk's call log is told anew, which says nothing of decisions."""
    told = events("c1", CallKind.EMERGENCY, BEGAN, ends_after_s=ends_after_s)
    if log_first:
        tell(history, [told[0], told[-1]])
    history.load(fold(told))
    if not log_first:
        tell(history, [told[0], told[-1]])
    assert history.before(NUMBER, "x").kinds == {CallKind.EMERGENCY: 1}


def test_old_and_hidden_records_are_passed_over(history: CallerHistory) -> None:
    history.load(fold(events("c1", CallKind.SILENT, BEGAN - timedelta(hours=25))))
    history.load(fold(events("c2", CallKind.SILENT, BEGAN, "anonymous")))
    history.load(CallRecord("c3", BEGAN, BEGAN, "call.ended", "e"))
    assert not history._calls


# -- bounds ----------------------------------------------------------------------------------------------------


def test_of_too_many_calls_the_oldest_is_forgotten_and_the_text_says_so(clock: Clock) -> None:
    history = CallerHistory(24, max_calls=3, now=clock)
    tell(history, events("c0", CallKind.EMERGENCY, BEGAN - timedelta(minutes=1)))
    for n in range(1, 4):
        tell(history, events(f"c{n}", CallKind.SILENT, BEGAN))
    assert history.before(NUMBER, "c3").text == "24小时内至少第3次来电：无声2"


def test_of_too_many_numbers_the_one_not_heard_of_longest_is_forgotten(clock: Clock) -> None:
    history = CallerHistory(24, max_numbers=2, now=clock)
    for number in ("111111", "222222", "111111", "333333"):
        tell(history, events(f"{number}-{history.before(number, '').calls}", CallKind.SILENT, BEGAN, number))
    assert [history.before(number, "x").calls for number in ("111111", "222222", "333333")] == [2, 0, 1]


def test_what_is_read_never_pushes_out_what_is_newer(clock: Clock) -> None:
    history = CallerHistory(24, max_numbers=2, max_calls=2, now=clock)
    tell(history, events("c1", CallKind.EMERGENCY, BEGAN, "111111"))
    for n, number in enumerate(("222222", "333333", "111111", "111111")):
        history.load(fold(events(f"old{n}", CallKind.SILENT, BEGAN - timedelta(hours=n + 1), number)))
    assert list(history._calls) == ["222222", "111111"]
    assert history.before("111111", "x").kinds == {CallKind.EMERGENCY: 1, CallKind.SILENT: 1}


CALLS = st.lists(
    st.tuples(
        st.sampled_from(["111111", "222222", "333333", "444444", "+86 111111", "anonymous"]),
        st.sampled_from([*CallKind, None]),
        st.integers(0, 400),  # minutes after the call before
        st.booleans(),  # read from the database instead of seen
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(CALLS, st.integers(1, 5), st.integers(1, 5), st.integers(1, 30))
def test_the_window_is_bounded_and_never_tells_of_more_than_there_was(
    calls: list[tuple[str, CallKind | None, int, bool]], max_numbers: int, max_calls: int, hours: int
) -> None:
    clock = Clock()
    history = CallerHistory(hours, max_numbers=max_numbers, max_calls=max_calls, now=clock)
    there: list[tuple[str, datetime, CallKind]] = []
    for n, (number, kind, pause, read) in enumerate(calls):
        clock.now += timedelta(minutes=pause)
        told = events(f"c{n}", kind, clock.now, number)
        if read:
            history.load(fold(told))
        else:
            tell(history, told)
        there.append((number, clock.now, kind or CallKind.OTHER))
        assert len(history._calls) <= max_numbers
        assert len(history._numbers) <= max_numbers
        assert all(0 < len(known) <= max_calls for known in history._calls.values())
        for asked in ("111111", "222222", "anonymous"):
            same = {asked, "+86 " + asked} if asked != "anonymous" else set()
            since = clock.now - timedelta(hours=hours)
            true = [k for who, at, k in there if who in same and at >= since]
            known_of = history.before(asked, "x")
            assert known_of.calls <= len(true)
            assert all(true.count(k) >= count for k, count in known_of.kinds.items())
            if max_numbers >= 4 and len(true) < max_calls:
                assert known_of.calls == len(true), "within its bounds nothing is forgotten"


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(EventKind)),
            st.sampled_from(["a", "b"]),
            st.dictionaries(
                st.sampled_from(["caller", "route", "category", "flags", "reason"]),
                st.none() | st.text(max_size=12) | st.lists(st.integers(), max_size=2) | st.integers(),
            ),
        ),
        max_size=10,
    )
)
def test_whatever_an_event_holds_nothing_is_raised(
    parts: list[tuple[EventKind, str, dict[str, JsonValue]]],
) -> None:
    history = CallerHistory(24, now=lambda: BEGAN)
    for kind, call_id, data in parts:
        history.take(CallEvent(call_id, kind, BEGAN, data))
        assert history.before(str(data.get("caller")), "x").text.isprintable()


def test_many_threads_tell_at_once() -> None:
    history = CallerHistory(24, now=lambda: BEGAN)

    def calls(thread: int) -> None:
        for n in range(50):
            tell(history, events(f"{thread}-{n}", CallKind.SILENT, BEGAN, f"1380000{n % 5:04d}"))
            history.before("13800000000", "x")

    threads = [threading.Thread(target=calls, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert history.before("13800000001", "x").calls == 40
