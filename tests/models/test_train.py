import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.recipe import train as training
from models.recipe.batches import Source
from models.recipe.data import Example
from models.recipe.errors import StageError
from models.recipe.features import DIMENSION
from models.recipe.size import SIZES
from models.recipe.train import Course, Progress, Training, learning_rate
from models.recipe.trained import TrainedNet

_TINY = dataclasses.replace(SIZES["small"], narrow=16, wide=16, residual_layers=1, batch_seconds=12)


@pytest.fixture
def source() -> Source:
    """Two units that differ in their bands: easy to learn."""
    rng = np.random.default_rng(1)
    examples = []
    for _ in range(30):
        frames = rng.standard_normal((120, DIMENSION)) * 0.3
        frames[40:80, 1] += 20
        examples.append(Example(frames.astype(np.float16), np.array([(0, 0), (9, 40), (0, 80)], np.int32)))
    return Source(examples)


@pytest.fixture
def course(source: Source) -> Course:
    return Course([source], np.zeros(DIMENSION), steps=60, learning_rate=1e-2)


def _run(path: Path, course: Course) -> list[Progress]:
    path.parent.mkdir(exist_ok=True)
    seen: list[Progress] = []
    Training(_TINY, course, 1).run(path, seen.append)
    return seen


def _weights(path: Path) -> torch.Tensor:
    return torch.cat([one.detach().flatten() for one in TrainedNet.load(path).net.parameters()])


def test_training_learns(tmp_path: Path, course: Course) -> None:
    seen = _run(tmp_path / "net.pt", course)
    assert [progress.step for progress in seen] == [20, 40, 60]
    assert seen[-1].loss < 0.5 * seen[0].loss
    assert seen[-1].accuracy > 0.75  # perturbed: a stretched band is not always there


def test_the_net_its_curve_and_nothing_else_is_left(tmp_path: Path, course: Course) -> None:
    _run(tmp_path / "work" / "net.pt", course)
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"net.pt", "net.json"}
    curve = json.loads((tmp_path / "work" / "net.json").read_text())
    assert [point["step"] for point in curve] == [20, 40, 60]


def test_the_same_seed_gives_the_same_net(tmp_path: Path, course: Course) -> None:
    _run(tmp_path / "one.pt", course)
    _run(tmp_path / "other.pt", course)
    assert torch.equal(_weights(tmp_path / "one.pt"), _weights(tmp_path / "other.pt"))


def test_an_interrupted_training_comes_to_the_same_net(
    tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(tmp_path / "whole.pt", course)
    monkeypatch.setattr(training, "_SAVED_EVERY", 20)

    class Interrupted(Exception):
        pass

    def interrupt(progress: Progress) -> None:
        if progress.step == 40:
            raise Interrupted

    broken = tmp_path / "broken.pt"
    with pytest.raises(Interrupted):
        Training(_TINY, course, 1).run(broken, interrupt)
    assert broken.with_suffix(".unfinished").exists()
    assert not broken.exists()
    assert [progress.step for progress in _run(broken, course)] == [40, 60]
    assert torch.allclose(_weights(broken), _weights(tmp_path / "whole.pt"), atol=1e-6)


def test_the_trial_is_judged_at_the_end(tmp_path: Path, course: Course, source: Source) -> None:
    seen = _run(tmp_path / "net.pt", dataclasses.replace(course, trial=source))
    assert [progress.strangers is None for progress in seen] == [True, True, False]
    assert seen[-1].strangers is not None
    assert seen[-1].strangers > 0.8


def test_training_goes_on_from_another_net(tmp_path: Path, course: Course) -> None:
    _run(tmp_path / "first.pt", course)
    first = TrainedNet.load(tmp_path / "first.pt")
    seen = _run(tmp_path / "next.pt", dataclasses.replace(course, start=first, learning_rate=1e-4))
    assert seen[0].accuracy > 0.75
    assert torch.equal(
        _weights(tmp_path / "first.pt"), torch.cat([p.flatten() for p in first.net.parameters()])
    )


def test_frozen_normalisations_do_not_follow_the_batches(tmp_path: Path, course: Course) -> None:
    _run(tmp_path / "first.pt", course)
    first = TrainedNet.load(tmp_path / "first.pt")
    _run(tmp_path / "next.pt", dataclasses.replace(course, start=first, frozen_norms=True))
    after = TrainedNet.load(tmp_path / "next.pt")
    norms = [trained.net.input_norm.state_dict()["running_mean"] for trained in (first, after)]
    assert torch.equal(*norms)
    assert not torch.equal(_weights(tmp_path / "first.pt"), _weights(tmp_path / "next.pt"))


def test_pdfs_are_counted(tmp_path: Path, course: Course) -> None:
    _run(tmp_path / "net.pt", course)
    counts = TrainedNet.load(tmp_path / "net.pt").counts
    assert set(np.flatnonzero(counts)) == {0, 18, 19}
    assert counts[0] > counts[19] > counts[18] > 0


def test_without_a_net_there_is_none_to_load(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="train stage"):
        TrainedNet.load(tmp_path / "net.pt")


@pytest.mark.parametrize("steps", [40, 700, 3000])
def test_the_learning_rate_rises_then_falls(course: Course, steps: int) -> None:
    course = dataclasses.replace(course, steps=steps)
    rates = [learning_rate(step, course) for step in range(steps)]
    peak = rates.index(max(rates))
    assert 0 < peak <= steps / 4
    assert max(rates) <= course.learning_rate
    assert rates[0] < 0.15 * course.learning_rate
    assert 0.015 * course.learning_rate < rates[-1] < 0.03 * course.learning_rate
