import dataclasses
import json
from pathlib import Path

import pytest

from models.recipe.errors import StageError
from models.recipe.plan import Plan
from models.recipe.size import SIZES


def test_a_work_folder_is_made_and_marked(tmp_path: Path) -> None:
    plan = Plan(SIZES["small"], 5, tmp_path / "deep" / "work")
    plan.claim()
    mark = json.loads((plan.work / "recipe.json").read_text())
    assert mark["seed"] == 5
    assert mark["steps"] == SIZES["small"].steps


def test_the_same_recipe_may_go_on(tmp_path: Path) -> None:
    for _ in range(2):
        Plan(SIZES["small"], 5, tmp_path).claim()


@pytest.mark.parametrize("other", ["seed", "size"])
def test_another_recipe_may_not(tmp_path: Path, other: str) -> None:
    Plan(SIZES["small"], 5, tmp_path).claim()
    size = dataclasses.replace(SIZES["small"], steps=7) if other == "size" else SIZES["small"]
    with pytest.raises(StageError, match="another --work"):
        Plan(size, 6 if other == "seed" else 5, tmp_path).claim()


def test_everything_lies_in_the_work_folder(tmp_path: Path) -> None:
    plan = Plan(SIZES["small"], 5, tmp_path)
    assert plan.model.parent == plan.shards.parent == tmp_path
    assert plan.model != plan.shards
