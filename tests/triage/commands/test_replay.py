from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from records.events import CallEvent, EventKind, JsonValue
from records.store import Store
from tests.triage.commands.runs import objects, one_line, run
from tests.triage.conftest import write_small
from triage.engine import Triage

Write = Callable[[str, str], Path]
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small lexicon, where 小区 decides alone and 停水 is more urgent."""
    folder = write_small(tmp_path_factory.mktemp("new"))
    file = folder / "minsheng/water.yaml"
    changed = file.read_text(encoding="utf-8").replace("priority: 3", "priority: 2")
    file.write_text(changed.replace("weight: 0.4", "weight: 1.0"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def version(small_folder: Path) -> str:
    return Triage.load(small_folder).version


def _line(text: str, verdict: tuple[str, str, int], version: str, call_id: str = "c1") -> str:
    route, category, priority = verdict
    return json.dumps(
        {
            "call_id": call_id, "at": "2026-11-01T08:30:00+00:00", "text": text, "confidence": 1.0,
            "route": route, "category": category, "priority": priority, "lexicon_version": version,
        }
    )  # fmt: skip


@pytest.fixture
def calls(write: Write, version: str) -> Path:
    lines = [
        _line("停水了", ("minsheng", "water", 3), version, "c1"),
        _line("小区", ("police", "unclear", 2), version, "c2"),
        _line("有人抢劫", ("police", "robbery", 1), version, "c3"),
    ]
    return write("calls.jsonl", "\n".join(lines) + "\n")


def test_changes_for_people(calls: Path, small_folder: Path, new_folder: Path) -> None:
    result = run("replay", "--from", calls, "--current", small_folder, "--lexicon", new_folder)
    assert result.exit_code == 0, result.stderr
    shown = result.stdout
    assert shown.index("c2") < shown.index("c1")
    assert "警察 / unclear / 2级 → 民生110 / water / 4级" not in shown
    assert "警察 / unclear / 2级 → 民生110 / water / 2级" in shown
    assert "— → minsheng/water#2" in shown
    assert "c3" not in shown
    assert "重判 3 条：2 条会变；离开警察线 1 条（一级 0 条），转回警察线 0 条" in one_line(shown)


def test_changes_as_json_lines_from_standard_input(calls: Path, small_folder: Path, new_folder: Path) -> None:
    content = calls.read_text(encoding="utf-8")
    result = run("replay", "--json", "--current", small_folder, "--lexicon", new_folder, stdin=content)
    first, second, summary = objects(result)
    assert (first["call_id"], first["leaves_police"], first["urgent"], first["by_rules"]) == (
        "c2", True, False, True,
    )  # fmt: skip
    assert second["before"] == {
        "route": "minsheng", "category": "water", "priority": 3, "rule": "minsheng/water#1",
    }  # fmt: skip
    assert second["after"]["priority"] == 2
    assert summary == {
        "kind": "summary", "calls": 3, "changes": 2, "leaves_police": 1, "urgent": 0, "other_rules": 0,
        "other_causes": 0,
    }  # fmt: skip


def test_an_urgent_call_that_would_be_freed_fails(write: Write, small_folder: Path, new_folder: Path) -> None:
    file = write("calls.jsonl", _line("停水了", ("police", "threat", 1), "older"))
    result = run("replay", "--from", file, "--current", small_folder, "--lexicon", new_folder)
    assert result.exit_code == 5
    assert "一级警情将被放走" in result.stdout
    assert "当时是另一版规则" in result.stdout
    assert "1 条当时用的是另一版规则" in one_line(result.stdout)


def test_the_callers_words_cannot_steer_the_terminal(
    write: Write, small_folder: Path, new_folder: Path
) -> None:
    file = write("calls.jsonl", _line("停水了\x1b[2J", ("police", "\x1b]0;x\x07", 1), "older", "\x1b[31mc"))
    shown = run("replay", "--from", file, "--current", small_folder, "--lexicon", new_folder).stdout
    assert "停水了" in shown
    assert "\x1b" not in shown


def test_the_same_rules_change_nothing(calls: Path, small_folder: Path) -> None:
    result = run("replay", "--from", calls, "--current", small_folder, "--lexicon", small_folder)
    assert result.exit_code == 0
    assert "重判 3 条：0 条会变" in result.stdout


@pytest.fixture
def url(tmp_path: Path, version: str) -> str:
    """A database of records with a call of two days ago and one of ten."""
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    store = Store(url)
    store.upgrade()
    for days in (2, 10):
        at = datetime.now(UTC) - timedelta(days)
        heard: dict[str, JsonValue] = {"text": "小区", "is_final": True, "confidence": 0.9}
        decided: dict[str, JsonValue] = {
            "text": "小区", "route": "police", "category": "unclear", "priority": 2, "confidence": 0.55,
            "lexicon_version": version,
        }  # fmt: skip
        store.append(
            [
                CallEvent(f"call-{days}", EventKind.HEARD, at, heard),
                CallEvent(f"call-{days}", EventKind.DECIDED, at, decided),
            ]
        )
    store.close()
    return url


def test_calls_come_from_the_records(
    url: str, small_folder: Path, new_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recogniser was sure enough (0.9), though triage was not (0.55): the words count."""
    monkeypatch.chdir(ROOT)
    result = run(
        "replay", "--since", "12d", "--until", "7d", "--url", url, "--json", "--current", small_folder,
        "--lexicon", new_folder,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    change, summary = objects(result)
    assert (change["call_id"], change["leaves_police"], summary["calls"]) == ("call-10", True, 1)


@pytest.mark.parametrize("since", ["7d", "someday"])
def test_records_that_cannot_be_read(
    since: str, tmp_path: Path, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    url = f"sqlite:///{tmp_path}/none.sqlite3"
    result = run(
        "replay", "--since", since, "--url", url, "--lexicon", small_folder, "--current", small_folder
    )
    assert result.exit_code == 3
    assert "读不到通话记录" in one_line(result.stderr)
    assert result.stdout == ""


def test_a_file_that_cannot_be_read_is_named_with_its_line(write: Write, small_folder: Path) -> None:
    file = write("calls.jsonl", "\n{}\n")
    rules = ("--lexicon", small_folder, "--current", small_folder)
    result = run("replay", "--from", file, *rules)
    assert result.exit_code == 3
    assert "calls.jsonl:2" in one_line(result.stderr)
    assert run("replay", "--from", file.with_name("none"), *rules).exit_code == 3


@pytest.mark.parametrize(
    "arguments", [["--since", "7d", "--from", "x"], ["--until", "7d"], ["--url", "sqlite:///x"], ["words"]]
)
def test_a_wrong_command_line_says_so(arguments: list[str]) -> None:
    result = run("replay", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
