from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from models.recipe.features import CEPSTRA, DIMENSION, SAMPLE_RATE, SHIFT, WINDOW, features
from models.recipe.speech import Utterance

_TIME = np.arange(SAMPLE_RATE) / SAMPLE_RATE


def _buzz(phase: np.ndarray) -> np.ndarray:
    """Make a sound with eleven harmonics."""
    harmonics = np.arange(1, 12)[:, None]
    buzz: np.ndarray = 3000 * (np.sin(phase * harmonics) / harmonics).sum(axis=0)
    return buzz


def _voice(hertz: float) -> np.ndarray:
    """Make a buzz with a pitch."""
    return _buzz(2 * np.pi * hertz * _TIME)


@pytest.mark.parametrize("samples", [WINDOW, WINDOW + SHIFT - 1, WINDOW + SHIFT, 8000, 12_345])
def test_there_is_a_frame_for_every_shift_that_holds_a_whole_window(samples: int) -> None:
    noise = np.random.default_rng(1).standard_normal(samples) * 1000
    assert features(noise).shape == (1 + (samples - WINDOW) // SHIFT, DIMENSION)


def test_less_than_a_window_has_no_frames() -> None:
    assert features(np.zeros(WINDOW - 1)).shape == (0, DIMENSION)


def test_digital_silence_has_finite_features() -> None:
    assert np.isfinite(features(np.zeros(SAMPLE_RATE))).all()


def test_the_first_cepstrum_is_the_loudness() -> None:
    quiet, loud = features(_voice(150)), features(4 * _voice(150))
    assert (loud[:, 0] > quiet[:, 0] + 5).all()
    assert np.allclose(loud[5:-5, 1:CEPSTRA], quiet[5:-5, 1:CEPSTRA], atol=0.5)


def test_a_rising_pitch_rises() -> None:
    phase = 2 * np.pi * np.cumsum(np.linspace(120, 240, SAMPLE_RATE)) / SAMPLE_RATE
    rising = features(_buzz(phase))
    delta_pitch = rising[20:-20, CEPSTRA + 2]
    assert delta_pitch.mean() > 0.01


def test_voiced_sound_and_noise_differ_in_their_probability_of_voicing() -> None:
    voiced = features(_voice(150))[20:-20, CEPSTRA]
    noise = features(np.random.default_rng(1).standard_normal(SAMPLE_RATE) * 1000)[20:-20, CEPSTRA]
    assert abs(voiced.mean() - noise.mean()) > 3 * (voiced.std() + noise.std()) / 10
    assert voiced.mean() != pytest.approx(noise.mean(), abs=0.1)


def test_the_same_sound_has_the_same_features(say: Callable[..., Utterance]) -> None:
    samples = say("报警").samples
    assert np.array_equal(features(samples), features(samples))


def test_pitch_tracked_live_differs_a_little(say: Callable[..., Utterance]) -> None:
    samples = say("我", "要", "报警").samples
    at_leisure = features(samples)
    live = [features(samples, Random(seed)) for seed in range(8)]
    assert all(np.array_equal(one[:, :CEPSTRA], at_leisure[:, :CEPSTRA]) for one in live)
    assert any(not np.array_equal(one, at_leisure) for one in live)
    assert all(np.abs(one - at_leisure).mean() < 0.2 for one in live)
