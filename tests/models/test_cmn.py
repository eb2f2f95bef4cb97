from pathlib import Path

import numpy as np
import pytest

from models.recipe.cmn import mean_of, normalise, write_stats
from models.recipe.kaldi_reader import KaldiReader

_MEAN = np.array([3.0, -2.0])


def _by_the_book(features: np.ndarray, frame: int) -> np.ndarray:
    """Kaldi's own words: a window of 600 frames, helped out by at most 200 frames of the global mean."""
    window = features[max(0, frame - 599) : frame + 1]
    added = min(600 - len(window), 200)
    mean = (window.sum(axis=0) + added * _MEAN) / (len(window) + added)
    left: np.ndarray = features[frame] - mean
    return left


@pytest.mark.parametrize("frame", [0, 1, 199, 399, 400, 401, 599, 600, 601, 1499])
def test_every_frame_loses_the_mean_of_its_window(frame: int) -> None:
    features = np.random.default_rng(1).normal(5, 3, (1500, 2)).astype(np.float32)
    assert normalise(features, _MEAN)[frame] == pytest.approx(_by_the_book(features, frame), abs=1e-4)


def test_a_shift_of_the_whole_line_is_forgotten_after_a_while() -> None:
    features = np.random.default_rng(2).normal(0, 1, (1000, 2)).astype(np.float32)
    one, other = normalise(features, _MEAN), normalise(features + 10, _MEAN)
    assert np.abs(one - other)[0].min() > 5
    assert np.abs(one - other)[600:].max() < 1e-3


def test_the_mean_is_of_frames_not_of_examples() -> None:
    examples = [np.zeros((3, 2), np.float16), np.ones((1, 2), np.float16)]
    assert mean_of(examples).tolist() == [0.25, 0.25]


def test_no_features_have_no_mean() -> None:
    with pytest.raises(ValueError, match="no features"):
        mean_of([])


def test_the_statistics_hold_sums_and_their_count(tmp_path: Path) -> None:
    write_stats(tmp_path / "stats", _MEAN)
    reader = KaldiReader((tmp_path / "stats").read_bytes(), "stats")
    reader.skip_binary_mark()
    statistics = reader.matrix()
    assert statistics.shape == (2, 3)
    assert (statistics[0, :2] / statistics[0, 2]).tolist() == _MEAN.tolist()
