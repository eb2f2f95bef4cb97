from random import Random

import numpy as np
import pytest

from models.recipe.human.clips import RATE
from models.recipe.human.throat import Throat, mean_pitch, random_throat, speak_with

_SECONDS = 1.0


@pytest.fixture
def vowel() -> np.ndarray:
    """A buzz at 220 Hz through formants at 700 and 1200 Hz."""
    time = np.arange(int(_SECONDS * RATE)) / RATE
    sound = np.zeros(len(time))
    for harmonic in range(1, 22):
        hertz = 220 * harmonic
        height = (
            1 / (1 + ((hertz - 700) / 120) ** 2) + 0.6 / (1 + ((hertz - 1200) / 120) ** 2) + 0.5 / harmonic
        )
        sound += height * np.sin(2 * np.pi * hertz * time)
    return 3000 * sound


def _spoken(sound: np.ndarray, throat: Throat, tempo: float = 1.0) -> np.ndarray:
    """Speak again; WORLD is not the same in every run, and was once seen to take a voice for a whisper."""
    for _ in range(3):
        spoken = speak_with(sound, throat, np.array([0.0, len(sound)]), np.array([0.0, len(sound) / tempo]))
        if mean_pitch(spoken):
            break
    return spoken


def _centre(sound: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    return float((power * hertz).sum() / power.sum())


@pytest.mark.parametrize("pitch", [0.5, 1.3])
def test_the_pitch_is_changed_and_the_formants_are_not(vowel: np.ndarray, pitch: float) -> None:
    changed = _spoken(vowel, Throat(pitch=pitch))
    assert mean_pitch(changed) == pytest.approx(220 * pitch, rel=0.03)
    assert _centre(changed) == pytest.approx(_centre(vowel), rel=0.15)


def test_formants_are_changed_and_the_pitch_is_not(vowel: np.ndarray) -> None:
    changed = _spoken(vowel, Throat(formants=0.8))
    assert mean_pitch(changed) == pytest.approx(220, rel=0.03)
    assert _centre(changed) < 0.93 * _centre(_spoken(vowel, Throat()))


@pytest.mark.parametrize("tempo", [0.7, 1.0, 1.9])
def test_the_tempo_is_kept_to_the_sample(vowel: np.ndarray, tempo: float) -> None:
    changed = _spoken(vowel, Throat(), tempo)
    assert len(changed) == round(len(vowel) / tempo)
    assert mean_pitch(changed) == pytest.approx(220, rel=0.03)


def test_a_lazy_mouth_falls_short_of_its_targets(vowel: np.ndarray) -> None:
    brighter = _spoken(vowel, Throat(formants=1.2))
    half, visit = len(vowel) // 2, int(0.06 * RATE)
    sound = np.concatenate([vowel[:half], brighter[half : half + visit], vowel[half + visit :]])

    def reached(throat: Throat) -> float:
        """How much brighter the short visit is than what is around it."""
        spoken = _spoken(sound, throat)
        return _centre(spoken[half : half + visit]) - _centre(spoken[: half // 2])

    assert 0 < reached(Throat(sloth=0.03)) < 0.8 * reached(Throat())


def test_moments_come_to_lie_where_they_should(vowel: np.ndarray) -> None:
    half = len(vowel) // 2
    sound = np.concatenate([vowel[:half], np.zeros(half)])
    changed = speak_with(
        sound, Throat(), np.array([0.0, half, 2 * half]), np.array([0.0, half / 2, 3 * half])
    )
    loud = np.abs(changed).reshape(-1, 100).max(axis=1) > 500
    assert loud[: half // 200 - 1].all()
    assert not loud[half // 200 + 2 :].any()


def test_silence_stays_silence() -> None:
    assert np.abs(_spoken(np.zeros(RATE), Throat(pitch=0.5))).max() < 1
    assert mean_pitch(np.zeros(RATE)) == 0


def test_random_throats_are_people() -> None:
    for seed in range(200):
        throat = random_throat(Random(seed), 250.0)
        assert 80 < 250 * throat.pitch < 300
        assert 0.75 < throat.formants < 1.25
        assert 0 <= throat.breath <= 0.2
