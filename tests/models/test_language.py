from pathlib import Path

import pytest

from models.recipe.errors import StageError
from models.recipe.language import Language
from models.recipe.language_model import estimate
from models.recipe.lexicon import UNKNOWN, pronunciations


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    sounds = pronunciations(["报警", "着火", "还", "一"])
    model = estimate([["着火"], ["报警", "一"]] * 9, {"报警": 5}, frozenset(sounds) - {UNKNOWN})
    language = Language(sounds, model)
    language.save(tmp_path / "language.json")
    assert Language.load(tmp_path / "language.json") == language


def test_the_file_is_readable_chinese(tmp_path: Path) -> None:
    sounds = pronunciations(["报警"])
    Language(sounds, estimate([["报警"]], {}, frozenset({"报警"}))).save(tmp_path / "language.json")
    assert "报警" in (tmp_path / "language.json").read_text(encoding="utf-8")


def test_without_a_file_the_stage_to_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="lm stage"):
        Language.load(tmp_path / "language.json")
