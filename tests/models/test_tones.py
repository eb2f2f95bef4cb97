from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.tones import call_progress, dtmf

_RATE = 8000
_LOW, _HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def _peaks(signal: np.ndarray, number: int) -> list[float]:
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), 1 << 16))
    found: list[float] = []
    for _ in range(number):
        at = int(spectrum.argmax())
        found.append(at * _RATE / (1 << 16))
        spectrum[max(0, at - 500) : at + 500] = 0
    return sorted(found)


@given(st.integers())
def test_call_progress_is_at_450_hertz(seed: int) -> None:
    signal = call_progress(6 * _RATE, Random(seed))
    assert np.abs(signal).max() == pytest.approx(1, abs=0.01)
    assert _peaks(signal, 1)[0] == pytest.approx(450, abs=16)


def test_cadences_differ() -> None:
    shares = {round(float(np.mean(call_progress(30 * _RATE, Random(seed)) != 0)), 1) for seed in range(40)}
    assert {0.2, 0.5, 0.9, 1.0} <= shares


@given(st.integers(), st.integers(1, 20_000))
def test_keys_fill_their_length_and_stay_in_range(seed: int, samples: int) -> None:
    signal = dtmf(samples, Random(seed))
    assert len(signal) == samples
    assert np.abs(signal).max() <= 1


def test_every_key_is_a_low_and_a_high_tone() -> None:
    for seed in range(20):
        signal = dtmf(_RATE // 20, Random(seed))  # 50 ms: shorter than any key
        low, high = _peaks(signal, 2)
        assert min(abs(low - hertz) for hertz in _LOW) < 25
        assert min(abs(high - hertz) for hertz in _HIGH) < 25


def test_there_are_gaps_between_keys() -> None:
    signal = dtmf(5 * _RATE, Random(3))
    assert 0.1 < float(np.mean(signal == 0)) < 0.9
