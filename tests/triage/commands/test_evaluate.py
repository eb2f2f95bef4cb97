from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.triage.commands.runs import objects, one_line, run
from tests.triage.heard import recogniser

Write = Callable[[str, str], Path]
SET = """\
robbery: [有人抢劫, 停水了小区]
water: [停水了, 水管爆了, 喂喂, 救命啊停水, 哎呀]
any: [救命啊]
nonsense: [停水]
"""


@pytest.fixture
def file(write: Write) -> Path:
    return write("set.yaml", SET)


def test_the_outcome_for_people(file: Path, small_folder: Path) -> None:
    result = run("evaluate", file, "--police", "any", "--lexicon", small_folder)
    assert result.exit_code == 0, result.stderr
    shown = result.stdout
    assert shown.index("险情被放走") < shown.index("停水了小区") < shown.index("民生被留下")
    assert "minsheng/water#1" in shown  # what was heard
    assert "2/3" in one_line(shown)
    assert "2/5" in one_line(shown)
    assert "95% 区间" in shown
    assert "类别正确：3/7" in shown
    assert "未计入 1 句，标签：nonsense（1）" in one_line(shown)


def test_the_misses_are_limited_only_for_livelihood(write: Write, small_folder: Path) -> None:
    file = write("set.csv", "label,text\n" + "police,停水了\n" * 3 + "minsheng,喂\n" * 3)
    shown = run("evaluate", file, "--misses", "1", "--lexicon", small_folder).stdout
    assert shown.count("“停水了”") >= 3
    assert shown.count("“喂”") == 1
    assert "还有 2 句" in shown


def test_json_lines(file: Path, small_folder: Path) -> None:
    result = run("evaluate", file, "--police", "any", "--json", "--lexicon", small_folder)
    assert result.exit_code == 0
    *misses, summary = objects(result)
    assert [(miss["kind"], miss["expected"], miss["said"]) for miss in misses] == [
        ("miss", "police", "停水了小区"),
        ("miss", "minsheng", "喂喂"),
        ("miss", "minsheng", "救命啊停水"),
        ("miss", "minsheng", "哎呀"),
    ]
    assert misses[0]["evidence"][0]["rule"] == "minsheng/water#1"
    assert summary["confusion"] == {
        "police": {"police": 2, "minsheng": 1}, "minsheng": {"police": 3, "minsheng": 2},
    }  # fmt: skip
    assert summary["police"]["right"] == 2
    assert summary["minsheng"]["share"] == pytest.approx(0.4)
    assert summary["left_out"] == {"nonsense": 1}
    assert (summary["noise"], summary["seed"]) == (0.0, 0)


def test_columns_and_labels_are_named(write: Write, small_folder: Path) -> None:
    file = write("set.csv", "类,话\n急,有人抢劫\n缓,停水了\n闲,喂\n")
    result = run(
        "evaluate", file, "--label", "类", "--column", "话", "--police", "急，险", "--minsheng", "缓",
        "--json", "--lexicon", small_folder,
    )  # fmt: skip
    (summary,) = objects(result)
    assert (summary["police"]["total"], summary["minsheng"]["total"]) == (1, 1)
    assert summary["left_out"] == {"闲": 1}


@pytest.mark.parametrize(
    ("police", "freed", "code"), [("0.6", "0.4", 0), ("0.7", "0.4", 4), ("0.6", "0.5", 4)]
)
def test_a_share_that_is_too_low_fails(
    file: Path, small_folder: Path, police: str, freed: str, code: int
) -> None:
    result = run(
        "evaluate", file, "--police", "any", "--json", "--lexicon", small_folder,
        "--fail-under-police", police, "--fail-under-freed", freed,
    )  # fmt: skip
    assert result.exit_code == code
    assert result.stderr.count("低于要求的") == (code == 4)
    assert objects(result)[-1]["kind"] == "summary"


def test_nothing_to_measure_on_fails_too(write: Write, small_folder: Path) -> None:
    file = write("set.yaml", "water: [停水]\n")
    result = run("evaluate", file, "--fail-under-police", "0", "--json", "--lexicon", small_folder)
    assert result.exit_code == 4


def test_noise_is_heard_as_seeded(file: Path, small_folder: Path) -> None:
    result = run("evaluate", file, "--noise", "0.6", "--seed", "3", "--json", "--lexicon", small_folder)
    *misses, summary = objects(result)
    assert (summary["noise"], summary["seed"]) == (0.6, 3)
    assert any(miss["said"] != miss["text"] for miss in misses)
    assert all(miss["text"] == recogniser(0.6, 3).hear(miss["said"]) for miss in misses)


def test_a_file_that_cannot_be_read(write: Write, small_folder: Path) -> None:
    result = run("evaluate", write("a.csv", "a,b\n"), "--lexicon", small_folder)
    assert result.exit_code == 3
    assert "没有“text”这一列" in one_line(result.stderr)
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.yaml", "--police", "x", "--minsheng", "x"],
        ["a.yaml", "--noise", "2"],
        ["a.yaml", "--misses", "-1"],
    ],
)
def test_a_wrong_command_line_says_so(arguments: list[str], small_folder: Path) -> None:
    result = run("evaluate", *arguments, "--lexicon", small_folder)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_the_projects_own_form_is_understood() -> None:
    """A mapping from field to sentences; the lexicon knows each field's route."""
    file = next(Path(__file__).parents[1].rglob("*police.yaml"))
    result = run("evaluate", file, "--police", "any", "--fail-under-police", "0.9", "--json")
    assert result.exit_code == 0, result.stderr
    summary = objects(result)[-1]
    assert summary["police"]["total"] > 100
    assert summary["left_out"] == {}
