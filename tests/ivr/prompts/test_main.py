from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ivr.prompts import __main__ as command
from ivr.prompts.__main__ import main
from ivr.prompts.recipe import Voice, read_manifest
from ivr.prompts.wav import read_wav

if TYPE_CHECKING:
    from pathlib import Path


def test_an_unknown_key_is_told_with_the_known_ones(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["make", "--only", "greting", "--into", str(tmp_path)])
    assert result.exit_code == 2
    assert "greting" in result.output
    assert "greeting" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.recipe
def test_a_real_voice_speaks_a_prompt(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["make", "--only", "silent_prompt", "--voice", "m3", "--rate", "220", "--into", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    assert "不方便说话" in result.output
    (made,) = read_manifest(tmp_path).values()
    assert made.voice == Voice("m3", 220, 50)
    assert len(read_wav(tmp_path / "silent_prompt.wav")) / 8000 == pytest.approx(made.duration_s, abs=0.001)
    assert 1.0 < made.duration_s < 6.0


def test_a_text_that_cannot_be_spoken_is_told_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "load_texts", lambda: {"greeting": "hello"})
    result = CliRunner().invoke(main, ["make", "--only", "greeting", "--into", str(tmp_path)])
    assert result.exit_code == 1
    assert "greeting：" in result.output
    assert "hello" in result.output
    assert list(tmp_path.iterdir()) == []
