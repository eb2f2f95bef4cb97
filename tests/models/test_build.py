from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.recipe import build as recipe
from models.recipe.build import STAGES, build
from models.recipe.errors import StageError
from models.recipe.evaluate import Score
from models.recipe.plan import Plan
from models.recipe.size import SIZES


class _Notes:
    """Writes down what a build reports."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.said: list[tuple[int, int, str]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[int, int, str], None]]:
        self.stages.append(name)
        yield lambda done, total, about: self.said.append((done, total, about))


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put stages that only sign in the place of the real ones."""
    ran: list[str] = []

    def stand_in(name: str) -> Callable[[Plan, Callable[[int, int, str], None]], list[Score]]:
        def run(_plan: Plan, advance: Callable[[int, int, str], None]) -> list[Score]:
            ran.append(name)
            advance(1, 1, name)
            return [Score(name, 1, 1, 1, 0, 0, 1.0, 1.0)] if name == "evaluate" else []

        return run

    monkeypatch.setattr(recipe, "_STEPS", {name: stand_in(name) for name in STAGES})
    return ran


def test_stages_run_in_order(tmp_path: Path, stages: list[str]) -> None:
    notes = _Notes()
    scores = build(Plan(SIZES["small"], 1, tmp_path), notes)
    assert stages == notes.stages == ["data", "human", "train", "export", "lm", "graph", "evaluate"]
    assert [score.name for score in scores] == ["evaluate"]
    assert notes.said == [(1, 1, name) for name in STAGES]


@pytest.mark.parametrize("until", STAGES[:-1])
def test_a_build_may_stop_early(tmp_path: Path, stages: list[str], until: str) -> None:
    assert build(Plan(SIZES["small"], 1, tmp_path), _Notes(), until) == []
    assert stages[-1] == until


def test_a_work_folder_of_another_recipe_is_refused_before_anything_runs(
    tmp_path: Path, stages: list[str]
) -> None:
    build(Plan(SIZES["small"], 1, tmp_path), _Notes(), "data")
    stages.clear()
    with pytest.raises(StageError):
        build(Plan(SIZES["small"], 2, tmp_path), _Notes())
    assert stages == []


def test_a_trained_net_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.pt").touch()
    monkeypatch.setattr(recipe, "Training", lambda *_: pytest.fail("trained again"))
    assert recipe._train(Plan(SIZES["small"], 1, tmp_path), lambda *_: None) == []


def test_later_stages_say_what_they_lack(tmp_path: Path) -> None:
    plan = Plan(SIZES["small"], 1, tmp_path)
    for stage, wanted in ((recipe._export, "train stage"), (recipe._evaluate, "data stage")):
        with pytest.raises(StageError, match=wanted):
            stage(plan, lambda *_: None)


def test_the_language_stage_knows_every_phrase(tmp_path: Path) -> None:
    import dataclasses

    from models.recipe.language import Language
    from models.recipe.words import cut

    phrases = tmp_path / "phrases.txt"
    phrases.write_text("鳄鱼进了地铁站\n", encoding="utf-8")
    size = dataclasses.replace(SIZES["small"], text_sentences=200, generic_words=50)
    recipe._lm(Plan(size, 1, tmp_path, (phrases,)), lambda *_: None)
    known = Language.load(tmp_path / "language.json").lexicon
    assert set(cut("鳄鱼进了地铁站")) <= set(known)


def test_graphs_are_built_in_a_process_apart(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="lm stage"):
        recipe._graph(Plan(SIZES["small"], 1, tmp_path), lambda *_: None)
