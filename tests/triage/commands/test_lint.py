from __future__ import annotations

from pathlib import Path

from tests.triage.commands.runs import objects, run
from tests.triage.lint.flawed import write_flawed


def test_errors_fail(tmp_path: Path) -> None:
    result = run("lint", "--lexicon", write_flawed(tmp_path))
    assert result.exit_code == 6
    first, *_, last = result.stdout.splitlines()
    assert first.startswith("错误 ")
    assert f"{tmp_path}" in first
    assert last.startswith("错误 ")
    assert "警告" in last
    assert "提示" in last


def test_json_lines_name_the_place_and_what_to_do(tmp_path: Path) -> None:
    result = run("lint", "--json", "--least", "错误", "--lexicon", write_flawed(tmp_path))
    assert result.exit_code == 6
    found = objects(result)
    assert {entry["severity"] for entry in found} == {"错误"}
    assert all(set(entry) == {"severity", "file", "line", "rule", "problem", "advice"} for entry in found)
    assert all(Path(entry["file"]).is_file() and entry["line"] >= 1 for entry in found)


def test_a_lexicon_without_errors_passes(small_folder: Path) -> None:
    result = run("lint", "--lexicon", small_folder)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith("错误 0 处")
