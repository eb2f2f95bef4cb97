import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from models.recipe.__main__ import main
from models.recipe.evaluate import Score
from models.recipe.plan import Plan

if TYPE_CHECKING:
    from models.recipe.report import Report


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output


@pytest.mark.parametrize("command", ["", "build", "speak"])
def test_every_command_explains_itself(command: str) -> None:
    code, output = _run(*command.split(), "--help")
    assert code == 0
    assert "Usage:" in output


def test_help_names_the_sizes_and_the_work_folder() -> None:
    _, output = _run("build", "--help")
    assert "full|small" in output
    assert "--seed" in output
    assert "var/recipe" in output


def test_a_text_is_spoken_into_a_file(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    code, output = _run("speak", "我要报警", "--voice", "m7", "--rate", "200", "-o", str(path))
    assert (code, output) == (0, "")
    with wave.open(str(path)) as file:
        assert file.getframerate() == 8000
        assert file.getnframes() > 4000


def test_a_text_that_cannot_be_spoken_is_an_error_without_a_file(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    code, output = _run("speak", "hello", "-o", str(path))
    assert code == 1
    assert "Chinese characters" in output
    assert not path.exists()


def test_an_unknown_voice_is_an_error(tmp_path: Path) -> None:
    code, output = _run("speak", "你好", "--voice", "nobody-has-this-voice", "-o", str(tmp_path / "x.wav"))
    assert code == 1
    assert "no voice" in output


def test_an_unknown_stage_is_an_error_that_names_the_stages(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the recipe's own packages are not installed")
    code, output = _run("build", "--until", "lunch", "--work", str(tmp_path))
    assert code == 2
    assert "data, human, train, export, lm, graph, evaluate" in output
    assert list(tmp_path.iterdir()) == []


def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith("models.recipe.build")]:
        monkeypatch.delitem(sys.modules, name)
    import models.recipe

    monkeypatch.delattr(models.recipe, "build", raising=False)
    monkeypatch.setitem(sys.modules, "models.recipe.build", None)
    code, output = _run("build", "--work", str(tmp_path))
    assert code == 1
    assert "requirements/recipe.txt" in output


_SCORES = [Score("clean", 10, 9, 200, 3, 1, 60.0, 1.5)]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Put a build that takes no time in the place of the real one; gives the plans that it was given."""
    recipe = pytest.importorskip("models.recipe.build", reason="the recipe's own packages are not installed")
    given: list[Plan] = []

    def build(plan: Plan, report: "Report", until: str) -> list[Score]:
        given.append(plan)
        with report.stage("data") as advance:
            advance(1, 2, "half")
        plan.model.mkdir(parents=True)
        (plan.model / "model.json").write_text("{}")
        return _SCORES if until == "evaluate" else []

    monkeypatch.setattr(recipe, "build", build)
    return given


def test_a_build_shows_its_scores_and_where_the_model_is(tmp_path: Path, plans: list[Plan]) -> None:
    code, output = _run("build", "--size", "small", "--seed", "3", "--work", str(tmp_path))
    assert code == 0
    assert "clean" in output
    assert "1.50%" in output
    (plan,) = plans
    assert plan.seed == 3
    assert plan.size.name == "small"
    assert plan.work == tmp_path / "small-3"


def test_a_finished_model_is_copied_to_out(tmp_path: Path, plans: list[Plan]) -> None:
    code, _ = _run(
        "build", "--size", "small", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")
    )
    assert code == 0
    assert plans
    assert (tmp_path / "out" / "model.json").exists()


def test_an_unfinished_build_copies_nothing(tmp_path: Path, plans: list[Plan]) -> None:
    arguments = ("--until", "lm", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"))
    code, _ = _run("build", "--size", "small", *arguments)
    assert code == 0
    assert plans
    assert not (tmp_path / "out").exists()


def test_out_with_other_files_is_refused(tmp_path: Path, plans: list[Plan]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    code, output = _run(
        "build", "--size", "small", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")
    )
    assert code == 1
    assert plans
    assert "model.json" in output


def test_phrase_files_are_handed_on(tmp_path: Path, plans: list[Plan]) -> None:
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("着火")
    code, _ = _run("build", "--size", "small", "--work", str(tmp_path / "work"), "--phrases", str(phrases))
    assert code == 0
    assert plans[0].phrase_files == (phrases,)


def test_a_phrase_file_that_is_not_there_is_an_error(tmp_path: Path, plans: list[Plan]) -> None:
    code, output = _run("build", "--phrases", str(tmp_path / "missing.txt"))
    assert code == 2
    assert "missing.txt" in output
    assert plans == []
