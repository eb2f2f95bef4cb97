"""The calls of the last hours come from a real database, however late it is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr import history_loading
from ivr.history_loading import HistoryLoading, recent
from records.call_record import CallRecord
from records.errors import StoreUnavailable
from records.events import CallEvent, EventKind
from records.store import Store
from transfer.caller_history import CallerHistory

NUMBER = "13800138000"
LIMIT_S = 10.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(f"sqlite:///{tmp_path}/records.sqlite3")) as made:
        yield made


def call(number: int, ago: timedelta) -> list[CallEvent]:
    at = datetime.now(UTC) - ago
    decided = {"route": "police", "category": "silent", "reason": "silent", "flags": ["silent"], "text": ""}
    return [
        CallEvent(f"call-{number}", EventKind.STARTED, at, {"caller": NUMBER}),
        CallEvent(f"call-{number}", EventKind.DECIDED, at, decided),
    ]


def loaded(store: Store) -> CallerHistory:
    history = CallerHistory(24)
    loading = HistoryLoading(store, history)
    loading.start()
    loading.join(LIMIT_S)
    assert not loading.is_alive()
    return history


def test_the_calls_of_the_last_hours_are_read_page_by_page(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_loading, "_PAGE", 3)
    store.upgrade()
    for hours in range(0, 40, 5):
        store.append(call(hours, timedelta(hours=hours, minutes=1)))
    since = datetime.now(UTC) - timedelta(hours=24)
    assert [record.call_id for record in recent(store, since)] == [f"call-{n}" for n in (0, 5, 10, 15, 20)]
    with capture_logs() as logs:
        assert loaded(store).before(NUMBER, "now").text == "24小时内第6次来电：无声5"
    assert {"event": "history.loaded", "log_level": "info", "calls": 5} in logs


def test_an_empty_database_is_no_trouble(store: Store) -> None:
    store.upgrade()
    assert loaded(store).before(NUMBER, "now").text == ""


def test_a_database_that_comes_late_is_read_then(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.sqlite3"
    with closing(Store(f"sqlite:///{elsewhere}")) as other:
        other.upgrade()
        other.append(call(1, timedelta(minutes=5)))
    history = CallerHistory(24)
    loading = HistoryLoading(store, history, again_after_s=0.05)
    with capture_logs() as logs:
        loading.start()
        while not logs:
            threading.Event().wait(0.01)
        elsewhere.rename(tmp_path / "records.sqlite3")
        loading.join(LIMIT_S)
    assert not loading.is_alive()
    assert logs[0]["event"] == "history.waits"
    assert {entry["log_level"] for entry in logs} == {"info"}
    assert history.before(NUMBER, "now").calls == 1


def test_one_that_never_comes_is_waited_for_until_we_stop(store: Store) -> None:
    loading = HistoryLoading(store, CallerHistory(24))
    assert loading.daemon, "a database that hangs must not keep the node from ending"
    loading.start()
    loading.stop()
    loading.join(LIMIT_S)
    assert not loading.is_alive()


def test_one_that_goes_away_in_the_middle_is_read_again_from_the_beginning(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.upgrade()
    for n in range(4):
        store.append(call(n, timedelta(minutes=n + 1)))
    monkeypatch.setattr(history_loading, "_PAGE", 2)
    asked: list[str | None] = []
    read = store.calls

    def calls(limit: int, before: str | None = None) -> list[CallRecord]:
        asked.append(before)
        if len(asked) == 2:
            raise StoreUnavailable("gone")
        return read(limit, before)

    monkeypatch.setattr(store, "calls", calls)
    history = CallerHistory(24)
    loading = HistoryLoading(store, history, again_after_s=0.01)
    loading.start()
    loading.join(LIMIT_S)
    assert asked == [None, "call-1", None, "call-1", "call-3"]
    assert history.before(NUMBER, "now").calls == 4
