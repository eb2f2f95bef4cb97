from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from triage.__main__ import main

Write = Callable[[str, str], Path]
ROOT = Path(__file__).parents[2]


def _run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def _objects(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_texts_as_json_lines() -> None:
    routes = [entry["route"] for entry in _objects(_run("--json", "我家停水了", "有人拿刀"))]
    assert routes == ["minsheng", "police"]


def test_texts_from_standard_input() -> None:
    found = _objects(_run("--json", stdin="我家停水了\n\n救命\n"))
    assert [entry["text"] for entry in found] == ["我家停水了", "救命"]


def test_texts_from_files(write: Write) -> None:
    file = write("a.csv", "id,title\n1,路灯坏了\n")
    (entry,) = _objects(_run("--json", "--file", str(file), "--column", "title"))
    assert entry["category"] == "street_lamp"


def test_reasons_for_people() -> None:
    result = _run("我家停水了")
    assert result.exit_code == 0
    assert "转民生110" in result.stdout


def test_low_confidence_from_the_command_line() -> None:
    (entry,) = _objects(_run("--json", "--confidence", "0.3", "我家停水了"))
    assert entry["route"] == "police"


def test_check_says_what_is_loaded(folder: Path) -> None:
    result = _run("--check", "--lexicon", str(folder))
    assert result.exit_code == 0
    assert "警情 1 类，民生 1 类" in result.stdout


def test_a_broken_lexicon_is_named_with_its_line(folder: Path) -> None:
    file = folder / "police/robbery.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("weight: 0.5", "weight: 5"), encoding="utf-8")
    result = _run("--lexicon", str(folder), "停水")
    assert result.exit_code == 1
    assert "rules[2].weight" in result.stderr.replace("\n", "")
    assert result.stdout == ""


def test_a_missing_column_is_named(write: Write) -> None:
    result = _run("--json", "--file", str(write("a.csv", "id,title\n1,停水\n")))
    assert result.exit_code == 3
    assert "没有“text”这一列" in result.stderr.replace("\n", "")


@pytest.mark.parametrize(
    "arguments",
    [["--file", "a.csv", "停水"], ["--column", "x", "停水"], ["--confidence", "7", "停水"], ["--nonsense"]],
)
def test_a_wrong_command_line_says_so(arguments: list[str]) -> None:
    result = _run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_help_is_chinese_first() -> None:
    result = _run("--help")
    assert result.exit_code == 0
    assert result.stdout.index("判断每句话") < result.stdout.index("Decides for each text")


def test_it_runs_as_a_module_and_prints_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "triage", "--json", "有人抢劫"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["route"] == "police"


def test_another_reading_may_be_given() -> None:
    (entry,) = _objects(_run("--json", "我家停水了", "--alternative", "我家抢劫了", "0.3"))
    assert entry["route"] == "police"


def test_readings_are_of_one_text() -> None:
    for texts in ([], ["我家停水了", "路灯坏了"]):
        result = _run(*texts, "--alternative", "我家抢劫了", "0.3", stdin="停水\n")
        assert result.exit_code == 2
        assert "--alternative" in result.output
