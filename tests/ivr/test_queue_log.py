"""Asterisk's queue log, by lines that Asterisk 22 really wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.journal import Journal, call_id_of
from ivr.queue_log import QueueLine, QueueLog, parse
from records.events import CallEvent, EventKind

UNIQUEID = "minsheng110-1795320880.1"
CALL = call_id_of(UNIQUEID)
JOINED = f"1795320885|{UNIQUEID}|police|NONE|ENTERQUEUE||13800138000|1\n"
ANSWERED = f"1795320888|{UNIQUEID}|police|p101|CONNECT|3|minsheng110-1795320886.2|2\n"
LOG = (
    f"1795320800|NONE|NONE|NONE|QUEUESTART|\n{JOINED}"
    f"1795320887|{UNIQUEID}|police|p102|RINGNOANSWER|1000\n{ANSWERED}"
    f"1795320999|{UNIQUEID}|police|p101|COMPLETECALLER|3|111|1\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


@pytest.fixture
def log(path: Path, tmp_path: Path) -> QueueLog:
    return QueueLog(path, tmp_path / "position", {"p101": "PJSIP/p101"})


def written(told: list[CallEvent]) -> list[CallEvent]:
    """What the record keeps: an id's first event."""
    return list({event.event_id: event for event in reversed(told)}.values())[::-1]


def test_joining_and_the_answer_are_told(
    log: QueueLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    path.write_text(LOG)
    assert log.tell(journal) == 2
    assert [(event.call_id, event.kind, event.data) for event in told] == [
        (CALL, EventKind.QUEUED, {"queue": "police"}),
        (CALL, EventKind.ANSWERED, {"queue": "police", "member": "PJSIP/p101"}),
    ]
    assert told[0].at.replace(microsecond=0) == datetime.fromtimestamp(1795320885, UTC)


def test_only_what_is_new_is_told(log: QueueLog, path: Path, journal: Journal) -> None:
    path.write_text(JOINED)
    assert log.tell(journal) == 1
    assert log.tell(journal) == 0
    with path.open("a") as file:
        file.write(ANSWERED)
    assert log.tell(journal) == 1


def test_what_ami_has_told_is_not_written_again(
    log: QueueLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    at = datetime.fromtimestamp(1795320885.25, UTC)
    journal.queued(CALL, "police", at)
    journal.answered(CALL, "police", "PJSIP/p101", at)
    path.write_text(LOG)
    log.tell(journal)
    assert [event.at for event in written(told)] == [at, at]


def test_what_the_log_has_told_first_is_not_written_again_when_ami_tells_it(
    log: QueueLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    """An event that came while the log was read stands behind it."""
    path.write_text(LOG)
    log.tell(journal)
    journal.queued(CALL, "police", datetime.fromtimestamp(1795320885.25, UTC))
    journal.answered(CALL, "police", "PJSIP/p101", datetime.fromtimestamp(1795320888.9, UTC))
    assert len(written(told)) == 2
    journal.queued(CALL, "police", datetime.fromtimestamp(1795320975, UTC))
    assert len(written(told)) == 3, "a second round, of which AMI alone tells"


def test_a_second_round_in_the_queue_is_a_second_step(journal: Journal, told: list[CallEvent]) -> None:
    journal.queued(CALL, "police", datetime.fromtimestamp(100, UTC))
    journal.queued(CALL, "police", datetime.fromtimestamp(190, UTC))
    journal.queued(CALL, "minsheng", datetime.fromtimestamp(191, UTC))
    assert len(written(told)) == 3


def test_a_second_round_that_only_the_log_knows_is_no_first_one(
    log: QueueLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    path.write_text(JOINED + JOINED.replace("1795320885", "1795320975"))
    log.tell(journal)
    (first,) = written(told)
    assert first.at.timestamp() == pytest.approx(1795320885, abs=1)


def test_a_member_we_do_not_know_keeps_its_name(
    log: QueueLog, path: Path, journal: Journal, told: list[CallEvent]
) -> None:
    path.write_text(ANSWERED.replace("p101", "old-phone"))
    log.tell(journal)
    assert told[0].data["member"] == "old-phone"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "|||||",
        "soon|1.1|police|NONE|ENTERQUEUE||1|1",
        "100|NONE|police|NONE|ENTERQUEUE||1|1",
        "100|1.1|Pol ice|NONE|ENTERQUEUE||1|1",
        "100|1.1|police|NONE|ENTERQUEUE",
        "9" * 400 + "|1.1|police|NONE|ENTERQUEUE||1|1",
        "99999999999|1.1|police|NONE|ABANDON||1|1",
        "\0",
    ],
)
def test_any_other_line_is_passed_over(line: str) -> None:
    assert list(parse(f"{line}\n{JOINED}")) == list(parse(JOINED))


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0b", "\x1c", "\r", "|"])
def test_a_callers_number_cannot_hold_another_line(separator: str) -> None:
    forged = f"1{separator}100|6.6|police|p101|CONNECT|1|1.1|1{separator}"
    (line,) = parse(JOINED.replace("13800138000", forged))
    assert (line.uniqueid, line.member) == (UNIQUEID, "")


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    assert all(isinstance(line, QueueLine) for line in parse(text))


@given(
    st.from_regex(r"[0-9]{1,11}\|[0-9]{1,11}\.[0-9]{1,9}\|[a-z]{1,9}\|NONE\|ENTERQUEUE\|.*", fullmatch=True)
)
def test_any_second_is_a_time(line: str) -> None:
    for found in parse(line):
        assert found.at.tzinfo is UTC
