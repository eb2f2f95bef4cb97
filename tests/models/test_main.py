import wave
from pathlib import Path

import pytest
from click.testing import CliRunner

from models.recipe.__main__ import main


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
    assert "data, train, export, lm, graph, evaluate" in output
    assert list(tmp_path.iterdir()) == []


def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys  # noqa: PLC0415

    for name in [name for name in sys.modules if name.startswith("models.recipe.build")]:
        monkeypatch.delitem(sys.modules, name)
    import models.recipe  # noqa: PLC0415

    monkeypatch.delattr(models.recipe, "build", raising=False)
    monkeypatch.setitem(sys.modules, "models.recipe.build", None)
    code, output = _run("build", "--work", str(tmp_path))
    assert code == 1
    assert "requirements/recipe.txt" in output
