import json
from pathlib import Path

import pytest

from asr.model_files import description, licence
from models.recipe.bundle import describe, describe_adapted, install, table
from models.recipe.errors import StageError
from models.recipe.evaluate import Score
from models.recipe.plan import Plan
from models.recipe.size import SIZES

_CLEAN = Score("clean", 10, 9, 200, 3, 1, 60.0, 1.5)
_IDLE = Score("idle lines", 10, 8, 0, 2, 2, 30.0, 0.5)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "am").mkdir(parents=True)
    (folder / "am" / "final.mdl").write_bytes(b"new")
    describe(Plan(SIZES["small"], 7, tmp_path, licence="CC BY-SA"), [_CLEAN, _IDLE])
    return folder


def test_the_model_says_what_it_is(model: Path) -> None:
    card = json.loads((model / "model.json").read_text(encoding="utf-8"))
    assert card["sample_rate"] == 8000
    assert card["seed"] == 7
    assert card["name"].endswith("-small")
    assert card["recipe"]["steps"] == SIZES["small"].steps
    assert "真人" in card["description"]
    assert card["held_out_voices"] == ["f5", "m7", "Annie", "klatt3", "rob"]
    assert {"torch", "vosk", "kaldifst"} <= set(card["made_with"])


def test_a_model_says_what_it_may_be_used_for(model: Path, tmp_path: Path) -> None:
    assert json.loads((model / "model.json").read_text(encoding="utf-8"))["licence"] == "CC BY-SA"
    assert licence(model) == "CC BY-SA"
    describe(Plan(SIZES["small"], 7, tmp_path), [_CLEAN])
    assert json.loads((model / "model.json").read_text(encoding="utf-8"))["licence"] is None


def test_an_adapted_model_names_what_it_was_made_from_and_keeps_the_licence(
    model: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    describe_adapted(ours, "ours", model, "邵武录音", [_CLEAN])
    card = json.loads((ours / "model.json").read_text(encoding="utf-8"))
    assert (card["name"], card["licence"], card["human"]) == ("ours", "CC BY-SA", ["邵武录音"])
    assert card["adapted_from"].startswith("minsheng-cmn-8k-small ")
    assert "邵武录音" in description(ours)
    assert card["scores"][0]["set"] == "clean"


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"human": 3}', "[" * 60_000])
def test_an_adapted_model_of_an_unknown_one_has_no_licence(tmp_path: Path, content: str | None) -> None:
    old, ours = tmp_path / "old", tmp_path / "ours"
    old.mkdir()
    ours.mkdir()
    if content is not None:
        (old / "model.json").write_text(content, encoding="utf-8")
    describe_adapted(ours, "ours", old, "录音", [_CLEAN])
    card = json.loads((ours / "model.json").read_text(encoding="utf-8"))
    assert (card["adapted_from"], card["licence"], card["human"]) == ("old", None, ["录音"])


def test_the_model_says_how_well_it_hears(model: Path) -> None:
    scores = json.loads((model / "model.json").read_text(encoding="utf-8"))["scores"]
    assert scores[0]["character_error_rate"] == pytest.approx(0.015)
    assert scores[0]["syllable_error_rate"] == pytest.approx(0.005)
    assert scores[1]["right_sentences"] == 8
    assert scores[1]["character_error_rate"] is None


def test_the_table_has_a_row_for_every_set() -> None:
    lines = table([_CLEAN, _IDLE]).splitlines()
    assert len(lines) == 4
    assert lines[2] == "| clean | 9 of 10 | 200 | 1.50% | 0.50% |"
    assert lines[3] == "| idle lines | 8 of 10 | 0 | – | – |"
    assert len({line.count("|") for line in lines}) == 1


def test_a_model_is_put_where_there_was_none(model: Path, tmp_path: Path) -> None:
    install(model, tmp_path / "out")
    assert (tmp_path / "out" / "am" / "final.mdl").read_bytes() == b"new"
    assert {path.name for path in tmp_path.iterdir()} == {"model", "out"}


def test_an_empty_folder_may_be_used(model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    install(model, tmp_path / "out")
    assert (tmp_path / "out" / "model.json").exists()


def test_an_older_model_is_replaced_and_its_readme_kept(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "graph").mkdir(parents=True)
    (out / "graph" / "old.fst").touch()
    (out / "model.json").write_text("{}")
    (out / "README.md").write_text("card")
    install(model, out)
    assert not (out / "graph").exists()
    assert (out / "README.md").read_text() == "card"
    assert (out / "am" / "final.mdl").exists()


def test_somebodys_files_are_not_overwritten(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(StageError, match="another --out"):
        install(model, out)
    assert (out / "thesis.txt").read_text() == "years of work"
