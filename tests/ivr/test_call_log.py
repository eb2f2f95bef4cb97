"""Asterisk's call log, read by what Asterisk really writes: every field quoted, times in seconds since 1970."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ivr.call_log import CallLog, LoggedCall, parse
from ivr.journal import Journal, call_id_of
from records.events import CallEvent, EventKind


def line(
    uniqueid: str = "1795320880.1",
    linkedid: str | None = None,
    *,
    start: str = "1795320880.123456",
    end: str = "1795320890.500000",
    caller: str = "13800138000",
    disposition: str = "ANSWERED",
) -> str:
    """As cdr_custom.conf.j2 has it: each value through CSV_QUOTE."""
    values = (
        uniqueid,
        linkedid or uniqueid,
        start,
        start,
        end,
        caller,
        "110",
        "Queue",
        disposition,
        "id",
        "police",
    )
    return ",".join('"{}"'.format(value.replace('"', '""')) for value in values) + "\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.csv"


@pytest.fixture
def log(path: Path, tmp_path: Path) -> CallLog:
    return CallLog(path, tmp_path / "state" / "position")


def test_a_line_is_a_call() -> None:
    assert list(parse(line())) == [
        LoggedCall(
            "1795320880.1",
            datetime.fromtimestamp(1795320880.123456, UTC),
            datetime.fromtimestamp(1795320890.5, UTC),
            "13800138000",
            "110",
            "ANSWERED",
        )
    ]


def test_agents_legs_are_passed_over() -> None:
    assert list(parse(line("1795320881.2", "1795320880.1"))) == []


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "\n",
        "just words\n",
        '"1.1","1.1","17953',
        line(start=""),
        line(start="yesterday"),
        line(start="0"),
        line(end="0.000000"),
        line(start="-5"),
        line(start="1e9"),
        line(start="nan"),
        line(start="9" * 400),
        "a\rb,c\n",
        "\0\n",
        '"' * 5000 + "\n",
    ],
)
def test_a_broken_line_costs_only_itself(broken: str) -> None:
    text = line("1.1") + broken.removesuffix("\n") + "\n" + line("2.2")
    assert [call.uniqueid for call in parse(text)] == ["1.1", "2.2"]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_a_callers_number_cannot_hold_another_call(separator: str) -> None:
    """splitlines() would see a line of the caller's own making between two of these."""
    forged = f"1{separator}6.6,6.6,100,100,200,139,110,Queue,ANSWERED{separator}"
    calls = list(parse(line(caller=forged)))
    assert [call.uniqueid for call in calls] == ["1795320880.1"]


def test_quotes_and_commas_in_a_number_stay_in_it() -> None:
    assert next(parse(line(caller='1",,"2'))).caller == '1",,"2'


@given(st.text(max_size=300))
@example('"a\rb",\r,')
def test_no_text_raises(text: str) -> None:
    for call in parse(text):
        assert call.started_at.tzinfo is UTC


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), max_size=60))
def test_every_number_that_csv_can_hold_comes_back(caller: str) -> None:
    row = io.StringIO()
    csv.writer(row, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(
        ["1.1", "1.1", "100", "100", "200.5", caller, "110", "Queue", "ANSWERED"]
    )
    assert [call.caller for call in parse(row.getvalue())] == [caller]


def test_a_call_is_told_with_its_beginning_and_end(
    log: CallLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    path.write_text(line(disposition="NO ANSWER"))
    assert log.tell(journal) == 1
    assert [event.kind for event in told] == [EventKind.STARTED, EventKind.ENDED]
    assert {event.call_id for event in told} == {call_id_of("1795320880.1")}
    assert told[0].at == datetime.fromtimestamp(1795320880.123456, UTC)
    assert told[0].data["caller"] == "13800138000"
    assert told[1].data["cause"] == "read afterwards: no answer"


def test_several_lines_of_one_call_are_one_call(
    log: CallLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    """Asterisk writes one for each partner: first 民生110, then the police that it was brought back to."""
    first = line(start="100.0", end="150.0", disposition="ANSWERED")
    second = line(start="150.0", end="300.0", disposition="NO ANSWER")
    path.write_text(first + second)
    assert log.tell(journal) == 1
    assert [event.at.timestamp() for event in told] == [100.0, 300.0]
    assert told[1].data["cause"] == "read afterwards: no answer"


def test_only_what_is_new_is_told(log: CallLog, path: Path, journal: Journal) -> None:
    path.write_text(line("1.1") + line("2.2"))
    assert log.tell(journal) == 2
    assert log.tell(journal) == 0
    with path.open("a") as file:
        file.write(line("3.3"))
    assert log.tell(journal) == 1


def test_a_torn_last_line_is_told_when_it_is_whole(
    log: CallLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    whole = line("2.2", caller="张三").encode()
    for cut in range(1, len(whole) - 1, 7):
        path.write_bytes(line("1.1").encode() + whole[:cut])
        log.tell(journal)
    assert {event.call_id for event in told} == {call_id_of("1.1")}
    path.write_bytes(line("1.1").encode() + whole)
    assert log.tell(journal) == 1
    assert told[-2].data["caller"] == "张三"


def test_a_rotated_log_is_read_from_its_beginning(log: CallLog, path: Path, journal: Journal) -> None:
    path.write_text(line("1.1") + line("2.2"))
    log.tell(journal)
    path.rename(path.with_suffix(".1"))
    path.write_text(line("3.3"))
    assert log.tell(journal) == 1


def test_also_when_the_new_one_has_grown_longer_meanwhile(
    log: CallLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    path.write_text(line("1.1"))
    log.tell(journal)
    path.rename(path.with_suffix(".1"))
    path.write_text(line("2.2") + line("3.3"))
    assert log.tell(journal) == 2
    assert [event.call_id for event in told[2::2]] == [call_id_of("2.2"), call_id_of("3.3")]


def test_a_truncated_log_is_read_from_its_beginning(log: CallLog, path: Path, journal: Journal) -> None:
    path.write_text(line("1.1") + line("2.2"))
    log.tell(journal)
    with path.open("r+") as file:
        file.truncate(0)
        file.write(line("3.3"))
    assert log.tell(journal) == 1


def test_no_log_yet(log: CallLog, path: Path, journal: Journal) -> None:
    assert log.tell(journal) == 0
    path.write_text(line())
    assert log.tell(journal) == 1


@pytest.mark.parametrize("kept", [b"", b"nonsense", b"\xff\xfe", b"-1 -1", b"9" * 6000, b"17"])
def test_a_broken_bookmark_means_to_read_all(
    log: CallLog, path: Path, tmp_path: Path, journal: Journal, kept: bytes
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "position").write_bytes(kept)
    path.write_text(line())
    assert log.tell(journal) == 1


def test_a_bookmark_that_cannot_be_kept_is_no_fault(path: Path, tmp_path: Path, journal: Journal) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    log = CallLog(path, tmp_path / "state" / "position")
    path.write_text(line())
    assert log.tell(journal) == 1
    assert log.tell(journal) == 1, "told again rather than lost"


def test_a_log_that_cannot_be_read_is_read_later(
    log: CallLog, path: Path, journal: Journal, tmp_path: Path
) -> None:
    path.write_text(line("1.1"))
    log.tell(journal)
    path.rename(tmp_path / "aside")
    path.mkdir()
    assert log.tell(journal) == 0
    path.rmdir()
    (tmp_path / "aside").rename(path)
    assert log.tell(journal) == 0, "the bookmark is still good"


def test_bytes_that_are_no_utf8_do_not_stop_the_reading(log: CallLog, path: Path, journal: Journal) -> None:
    path.write_bytes(line("1.1", caller="张").encode("gb18030") + line("2.2").encode())
    assert log.tell(journal) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=4))
def test_any_growing_file_is_read_without_an_error(tmp_path: Path, pieces: list[bytes]) -> None:
    path = tmp_path / "any.csv"
    bookmark = tmp_path / "any.position"
    for old in (path, bookmark):
        old.unlink(missing_ok=True)
    log = CallLog(path, bookmark)
    for piece in pieces:
        with path.open("ab") as file:
            file.write(piece + b"\n" + line().encode())
        assert log.tell(Journal(lambda _: None)) == 1
