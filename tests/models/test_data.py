import dataclasses
from pathlib import Path

import numpy as np
import pytest

from models.recipe import data
from models.recipe.data import Example, make_shards, mean_durations, read_shard, to_frames
from models.recipe.errors import StageError
from models.recipe.features import DIMENSION
from models.recipe.size import SIZES
from models.recipe.units import INDEX, SILENCE, UNITS

_TINY = dataclasses.replace(SIZES["small"], shards=2, shard_seconds=12)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    make_shards(folder, _TINY, 1, lambda _done, _total: None)
    return folder


def test_shards_hold_features_and_units_that_fit(shards: Path) -> None:
    for path in sorted(shards.glob("*.npz")):
        examples = read_shard(path)
        assert len(examples) >= 2
        for example in examples:
            assert example.features.shape[1] == DIMENSION
            assert example.units[0].tolist() == [INDEX[SILENCE], 0]
            assert (np.diff(example.units[:, 1]) >= 0).all()
            assert example.units[-1, 1] <= len(example.features) + 3
            assert example.units[:, 0].max() < len(UNITS)


def test_a_shard_has_about_the_length_asked_for(shards: Path) -> None:
    frames = sum(len(example.features) for example in read_shard(shards / "shard-000.npz"))
    assert 1150 <= frames <= 2800


def test_texts_lie_beside_the_shards(shards: Path) -> None:
    lines = [line for path in shards.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    assert any(len(line) > 4 for line in lines)


def test_nothing_half_done_is_left(shards: Path) -> None:
    assert {path.suffix for path in shards.iterdir()} == {".npz", ".txt"}


def test_shards_that_are_there_are_kept_and_the_others_made_as_in_one_go(
    shards: Path, tmp_path: Path
) -> None:
    (tmp_path / "shard-000.npz").write_bytes(b"kept")
    seen: list[tuple[int, int]] = []
    make_shards(tmp_path, _TINY, 1, lambda done, total: seen.append((done, total)))
    assert (tmp_path / "shard-000.npz").read_bytes() == b"kept"
    assert (tmp_path / "shard-001.npz").read_bytes() == (shards / "shard-001.npz").read_bytes()
    assert seen == [(1, 2), (2, 2)]


def test_shards_differ(shards: Path) -> None:
    one, other = (read_shard(shards / f"shard-{number:03d}.npz") for number in (0, 1))
    assert one[0].features.shape != other[0].features.shape or not np.array_equal(
        one[0].features, other[0].features
    )


@pytest.mark.parametrize(("sample", "frame"), [(0, 0), (100, 0), (101, 1), (180, 1), (181, 2), (8000, 99)])
def test_a_unit_begins_with_the_first_frame_whose_middle_it_holds(sample: int, frame: int) -> None:
    assert to_frames([(3, sample)]).tolist() == [[3, frame]]


def test_a_read_shard_is_what_was_written(tmp_path: Path) -> None:
    data._make_shard(tmp_path / "shard-000.npz", "4", _TINY)
    examples = read_shard(tmp_path / "shard-000.npz")
    assert all(isinstance(example, Example) and example.features.dtype == np.float16 for example in examples)


def test_durations_are_means_in_output_frames(tmp_path: Path) -> None:
    units = np.array([[0, 0], [5, 30], [0, 60], [0, 0], [5, 10], [0, 70]], np.int32)
    features = np.zeros((190, DIMENSION), np.float16)
    path = tmp_path / "shard-000.npz"
    np.savez(path, features=features, frames=np.array([90, 100]), units=units, counts=np.array([3, 3]))
    means = mean_durations(tmp_path)
    assert means[5] == pytest.approx((10 + 20) / 2)  # 30 and 60 frames of 10 ms
    assert means[0] == pytest.approx((10 + 10 + 10 / 3 + 10) / 4)
    assert means[7] == 0


def test_without_shards_there_are_no_durations(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="data stage"):
        mean_durations(tmp_path)
