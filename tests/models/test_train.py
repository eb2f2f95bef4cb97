import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from models.recipe import train as training
from models.recipe.errors import StageError
from models.recipe.features import DIMENSION
from models.recipe.size import SIZES, Size
from models.recipe.train import Progress, learning_rate, load, train

_TINY = dataclasses.replace(
    SIZES["small"],
    shards=1,
    narrow=16,
    wide=16,
    residual_layers=1,
    steps=60,
    batch_seconds=6,
    learning_rate=1e-2,
)


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two units that differ in one feature: easy to learn."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "data"
    folder.mkdir()
    features, units = [], []
    for _ in range(30):
        frames = rng.standard_normal((120, DIMENSION)) * 0.3
        frames[40:80, 3] += 4
        features.append(frames)
        units += [(0, 0), (9, 40), (0, 80)]
    np.savez(
        folder / "shard-000.npz",
        features=np.concatenate(features).astype(np.float16),
        frames=np.full(30, 120),
        units=np.array(units, np.int32),
        counts=np.full(30, 3),
    )
    return folder


def _run(folder: Path, shards: Path, size: Size = _TINY) -> list[Progress]:
    folder.mkdir(exist_ok=True)
    seen: list[Progress] = []
    train(folder, shards, size, 1, seen.append)
    return seen


def _weights(folder: Path) -> torch.Tensor:
    net, _ = load(folder / "net.pt", _TINY)
    return torch.cat([parameter.detach().flatten() for parameter in net.parameters()])


def test_training_learns(tmp_path: Path, shards: Path) -> None:
    seen = _run(tmp_path / "work", shards)
    assert [progress.step for progress in seen] == [20, 40, 60]
    assert seen[-1].loss < 0.5 * seen[0].loss
    assert seen[-1].accuracy > 0.9


def test_only_the_finished_net_is_left(tmp_path: Path, shards: Path) -> None:
    _run(tmp_path / "work", shards)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["net.pt"]


def test_the_same_seed_gives_the_same_net(tmp_path: Path, shards: Path) -> None:
    _run(tmp_path / "one", shards)
    _run(tmp_path / "other", shards)
    assert torch.equal(_weights(tmp_path / "one"), _weights(tmp_path / "other"))


def test_an_interrupted_training_comes_to_the_same_net(
    tmp_path: Path, shards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(tmp_path / "whole", shards)
    monkeypatch.setattr(training, "_SAVED_EVERY", 20)

    class Interrupted(Exception):
        pass

    def interrupt(progress: Progress) -> None:
        if progress.step == 40:
            raise Interrupted

    broken = tmp_path / "broken"
    broken.mkdir()
    with pytest.raises(Interrupted):
        train(broken, shards, _TINY, 1, interrupt)
    assert (broken / "unfinished.pt").exists()
    assert not (broken / "net.pt").exists()
    seen = _run(broken, shards)
    assert [progress.step for progress in seen] == [40, 60]
    assert torch.allclose(_weights(broken), _weights(tmp_path / "whole"), atol=1e-6)


def test_pdfs_are_counted(tmp_path: Path, shards: Path) -> None:
    _run(tmp_path / "work", shards)
    _, counts = load(tmp_path / "work" / "net.pt", _TINY)
    assert set(np.flatnonzero(counts)) == {0, 18, 19}
    assert counts[0] > counts[19] > counts[18] > 0


def test_without_data_there_is_no_training(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="data stage"):
        train(tmp_path, tmp_path, _TINY, 1, lambda _progress: None)


def test_without_a_net_there_is_none_to_load(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="train stage"):
        load(tmp_path / "net.pt", _TINY)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_the_learning_rate_rises_then_falls(name: str) -> None:
    size = SIZES[name]
    rates = [learning_rate(step, size) for step in range(size.steps)]
    peak = rates.index(max(rates))
    assert 0 < peak <= size.steps / 4
    assert max(rates) <= size.learning_rate
    assert rates[0] < 0.05 * size.learning_rate
    assert 0.015 * size.learning_rate < rates[-1] < 0.03 * size.learning_rate
