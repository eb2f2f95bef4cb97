from random import Random

import numpy as np
import pytest

from models.recipe.features import CEPSTRA, DIMENSION, features
from models.recipe.perturb import (
    Perturbation,
    _bands_of_cepstra,
    _cepstra_of_bands,
    mask,
    perturbation,
    stretch,
)


def _tone(hertz: float) -> np.ndarray:
    return 8000 * np.sin(2 * np.pi * hertz * np.arange(4000) / 8000)


def _loudest_band(frames: np.ndarray) -> int:
    return int((frames[:, :CEPSTRA] @ _bands_of_cepstra().T).mean(axis=0).argmax())


def test_cepstra_can_be_turned_back_into_bands() -> None:
    assert _bands_of_cepstra() @ _cepstra_of_bands() == pytest.approx(np.eye(CEPSTRA), abs=1e-9)
    assert _loudest_band(features(_tone(400))) < _loudest_band(features(_tone(900)))


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_stretching_moves_a_tone_as_another_throat_would(factor: float) -> None:
    matrix = _cepstra_of_bands() @ stretch(factor) @ _bands_of_cepstra()
    moved = Perturbation(matrix, np.zeros(CEPSTRA)).apply(features(_tone(1000)))
    assert _loudest_band(moved) == pytest.approx(_loudest_band(features(_tone(1000 * factor))), abs=1)


def test_no_stretch_changes_nothing() -> None:
    assert stretch(1.0) == pytest.approx(np.eye(CEPSTRA))


def test_a_mask_hides_its_bands_and_no_others() -> None:
    bands = np.random.default_rng(1).normal(0, 1, CEPSTRA)
    hidden = mask(5, 3) @ bands
    assert hidden[5:8] == pytest.approx(np.full(3, bands.mean()))
    assert np.delete(hidden, [5, 6, 7]) == pytest.approx(np.delete(bands, [5, 6, 7]))


def test_pitch_is_left_alone_and_chance_repeats_itself() -> None:
    frames = np.random.default_rng(1).normal(0, 5, (50, DIMENSION)).astype(np.float32)
    one, other = (perturbation(Random(4)).apply(frames) for _ in range(2))
    assert np.array_equal(one, other)
    assert np.array_equal(one[:, CEPSTRA:], frames[:, CEPSTRA:])
    assert not np.allclose(one, frames)
    assert not np.allclose(one, perturbation(Random(5)).apply(frames))
