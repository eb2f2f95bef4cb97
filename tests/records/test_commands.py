import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from records.commands import DEFAULT_URL, main
from records.events import EventKind, JsonValue
from records.store import Store
from tests.records.call_events import event, whole_call


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.delenv("RECORDS_URL", raising=False)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(main, arguments, catch_exceptions=False)


def objects(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_upgrade_builds_the_tables_and_may_be_repeated(url: str, run: Callable[..., Result]) -> None:
    for _ in range(2):
        result = run("upgrade", "--url", url)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "数据表已是最新" in result.stderr
    assert objects(run("feed", "--url", url, "--json")) == []


def test_feed_prints_one_object_a_line_with_masked_numbers(
    url: str, store: Store, run: Callable[..., Result]
) -> None:
    store.append([*whole_call(), event("call-2", EventKind.HEARD, text="回电13912345678", is_final=True)])
    found = objects(run("feed", "--url", url, "--json"))
    assert [line["seq"] for line in found] == list(range(1, 16))
    assert found[0] == {
        "seq": 1,
        "event_id": "call-1-0",
        "call_id": "call-1",
        "kind": "call.started",
        "at": "2025-06-01T12:00:00+00:00",
        "data": {"caller": "138****8000", "dialled": "110", "sip_call_id": "a@b", "display_name": "****"},
    }
    assert found[14]["data"] == {"text": "回电139****5678", "is_final": True}


def test_feed_shows_numbers_when_asked(url: str, store: Store, run: Callable[..., Result]) -> None:
    store.append(whole_call())
    shown = objects(run("feed", "--url", url, "--json", "--show-numbers"))[0]["data"]
    assert shown == whole_call()[0].data


def test_feed_resumes_after_a_number_and_is_limited(
    url: str, store: Store, run: Callable[..., Result]
) -> None:
    store.append([event(f"call-{number}") for number in range(1_200)])
    assert [line["seq"] for line in objects(run("feed", "--url", url, "--json", "--after", "1198"))] == [
        1199,
        1200,
    ]
    assert len(objects(run("feed", "--url", url, "--json"))) == 1_200  # more than one page
    assert len(objects(run("feed", "--url", url, "--json", "--limit", "700"))) == 700


def test_feed_for_people_is_one_plain_line_an_event(
    url: str, store: Store, run: Callable[..., Result]
) -> None:
    store.append([event("evil\x1b[2J\ncall", caller="13800138000", display_name="\x1b]0;x\x07")])
    result = run("feed", "--url", url)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert "\x1b" not in result.stdout
    assert "138****8000" in result.stdout
    assert "13800138000" not in result.stdout


def test_call_shows_the_record(url: str, store: Store, run: Callable[..., Result]) -> None:
    store.append(whole_call())
    (shown,) = objects(run("call", "call-1", "--url", url, "--json"))
    assert (shown["caller"], shown["display_name"]) == ("138****8000", "****")
    assert (shown["call_id"], shown["route"], shown["heard"]) == ("call-1", "minsheng", "水管爆了")
    assert (shown["started_at"], shown["duration_s"]) == ("2025-06-01T12:00:00+00:00", 42.5)
    assert shown["location"] == {"latitude": 39.9, "longitude": 116.4, "radius_m": 30}
    (full,) = objects(run("call", "call-1", "--url", url, "--json", "--show-numbers"))
    assert (full["caller"], full["display_name"]) == ("13800138000", "张三")


def test_ids_are_never_masked(url: str, store: Store, run: Callable[..., Result]) -> None:
    store.append([event("12345678901", event_id="98765432109")])
    (shown,) = objects(run("call", "12345678901", "--url", url, "--json"))
    assert (shown["call_id"], shown["last_event_id"]) == ("12345678901", "98765432109")


def test_call_for_people_leaves_out_what_is_not_known(
    url: str, store: Store, run: Callable[..., Result]
) -> None:
    store.append([event("call-1", caller="13800138000", display_name="\x1b[2J")])
    result = run("call", "call-1", "--url", url)
    assert "caller          138****8000" in result.stdout.splitlines()
    assert "route" not in result.stdout
    assert "\x1b" not in result.stdout
    shown = run("call", "call-1", "--url", url, "--show-numbers")
    assert "\x1b" not in shown.stdout


def test_an_unknown_call_is_an_error_in_chinese(url: str, store: Store, run: Callable[..., Result]) -> None:
    result = run("call", "nobody", "--url", url, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "没有这通电话的记录：nobody" in result.stderr


def test_calls_lists_the_decisions_as_replay_reads_them(
    url: str, store: Store, run: Callable[..., Result]
) -> None:
    readings: list[JsonValue] = [["回电13912345679", 0.2]]
    second_call = event(
        "call-2", EventKind.DECIDED, 99, text="回电13912345678", route="police", alternatives=readings
    )
    store.append([*whole_call(), second_call])
    first, second = objects(run("calls", "--url", url, "--json"))
    assert first == {
        "call_id": "call-1",
        "at": "2025-06-01T12:00:06+00:00",
        "text": "水管爆了",
        "confidence": 0.9,
        "route": "minsheng",
        "category": "water",
        "priority": 3,
        "lexicon_version": "1.0",
        "alternatives": [],
    }
    assert (second["text"], second["category"]) == ("回电139****5678", None)
    assert second["alternatives"] == [["回电139****5679", 0.2]]
    (shown,) = objects(
        run("calls", "--url", url, "--json", "--show-numbers", "--since", "2025-06-01T12:00:07Z")
    )
    assert shown["text"] == "回电13912345678"
    assert objects(run("calls", "--url", url, "--json", "--until", "2025-06-01T12:00:06Z")) == []


def test_calls_for_people_is_one_plain_line_a_decision(
    url: str, store: Store, run: Callable[..., Result]
) -> None:
    store.append(
        [event(f"c{n}", EventKind.DECIDED, n, text="停水\x1b[2J\n了", route="police") for n in range(700)]
    )
    result = run("calls", "--url", url)
    assert len(result.stdout.splitlines()) == 700  # more than one page
    assert "\x1b" not in result.stdout
    assert "c699  police  -  -  停水" in result.stdout


def test_calls_says_how_to_write_a_time(url: str, run: Callable[..., Result]) -> None:
    result = run("calls", "--url", url, "--since", "yesterday")
    assert result.exit_code == 2
    assert "2026-11-01" in result.stderr


@pytest.mark.parametrize("arguments", [("feed",), ("call", "x"), ("calls",)])
def test_a_database_that_is_not_there_is_one_line_and_is_not_made(
    arguments: tuple[str, ...], tmp_path: Path, run: Callable[..., Result]
) -> None:
    result = run(*arguments, "--url", f"sqlite:///{tmp_path}/none.sqlite3")
    assert result.exit_code == 1
    assert result.stderr.startswith("无法读写记录：")
    assert "python -m records upgrade" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_url_is_one_line(run: Callable[..., Result]) -> None:
    result = run("feed", "--url", "mysql://root:secret@host/x")
    assert result.exit_code == 1
    assert "use sqlite:///" in result.stderr
    assert "secret" not in result.output


def test_the_url_may_come_from_the_environment(
    tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDS_URL", f"sqlite:///{tmp_path}/records.sqlite3")
    assert run("upgrade").exit_code == 0
    assert (tmp_path / "records.sqlite3").exists()


def test_the_module_runs_with_its_default_database_below_var(tmp_path: Path) -> None:
    assert DEFAULT_URL == "sqlite:///var/records.sqlite3"
    root = Path(__file__).parents[2]
    for command in (["upgrade"], ["feed", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "records", *command],
            cwd=tmp_path,
            env={"PYTHONPATH": str(root), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (tmp_path / "var" / "records.sqlite3").exists()
