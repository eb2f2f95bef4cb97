from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.recipe.channel import Line, a_law, gsm, unit_power
from models.recipe.features import SAMPLE_RATE

_TIME = np.arange(SAMPLE_RATE) / SAMPLE_RATE
_SPEECHLIKE = np.sin(2 * np.pi * 700 * _TIME) * (1 + np.sin(2 * np.pi * 4 * _TIME))


def _decibels(signal: np.ndarray, low: float, high: float) -> float:
    """Give the power between two frequencies."""
    spectrum = np.abs(np.fft.rfft(signal)) ** 2
    hertz = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE)
    return float(10 * np.log10(spectrum[(hertz >= low) & (hertz < high)].sum() + 1e-9))


@settings(max_examples=40)
@given(st.integers(), st.floats(0, 1.4))
def test_a_line_carries_every_signal_as_16_bit_numbers(seed: int, level: float) -> None:
    carried = Line(Random(seed)).carry(_SPEECHLIKE, level)
    assert len(carried) == len(_SPEECHLIKE)
    assert np.array_equal(carried, np.round(carried))
    assert np.abs(carried).max() <= 32768
    assert np.abs(carried).max() > 500


def test_a_quiet_room_keeps_the_tone_clear_and_a_bad_line_does_not() -> None:
    def clearness(level: float) -> float:
        ratios = []
        for seed in range(30):
            carried = Line(Random(seed)).carry(_SPEECHLIKE, level)
            ratios.append(_decibels(carried, 680, 720) - _decibels(carried, 1500, 3000))
        return float(np.mean(ratios))

    assert clearness(0.0) > clearness(1.4) + 5


def test_a_telephone_passes_only_its_band() -> None:
    line = Line(Random(1))
    noise = np.random.default_rng(1).standard_normal(4 * SAMPLE_RATE)
    filtered = line._telephone_band(noise)
    assert _decibels(filtered, 0, 100) < _decibels(noise, 0, 100) - 6
    assert _decibels(filtered, 1000, 2000) == pytest.approx(_decibels(noise, 1000, 2000), abs=1)


@settings(max_examples=60)
@given(st.integers(), st.floats(0.5, 3))
def test_an_idle_line_has_no_values_beyond_16_bits(seed: int, seconds: float) -> None:
    idle = Line(Random(seed)).idle(seconds)
    assert len(idle) == int(seconds * SAMPLE_RATE)
    assert np.isfinite(idle).all()
    assert np.abs(idle).max() <= 32768


def test_idle_lines_are_silent_tonal_and_noisy() -> None:
    pieces = [Line(Random(seed)).idle(1) for seed in range(150)]
    silent = sum(not piece.any() for piece in pieces)
    dial = sum(_decibels(piece, 430, 470) > _decibels(piece, 1000, 3900) + 15 for piece in pieces)
    assert 1 <= silent <= 30
    assert 15 <= dial <= 90


@settings(max_examples=40)
@given(st.integers())
def test_noise_has_power_one(seed: int) -> None:
    noise = Line(Random(seed)).noise(4001)
    assert len(noise) == 4001
    assert float(np.mean(noise**2)) == pytest.approx(1, abs=0.01)


def test_earlier_speakers_become_babble() -> None:
    line = Line(Random(1))
    assert line._speakers == []
    for _ in range(60):
        line.carry(_SPEECHLIKE)
    assert len(line._speakers) == 40
    babble = line._babble(SAMPLE_RATE)
    assert _decibels(babble, 650, 750) > _decibels(babble, 2000, 3900) + 20


def test_lost_packets_are_silent() -> None:
    lost = Line(Random(5))._lose_packets(np.ones(SAMPLE_RATE))
    gone = int((lost == 0).sum())
    assert 160 <= gone <= 640


def test_a_room_adds_a_tail() -> None:
    click = np.zeros(SAMPLE_RATE)
    click[100] = 1
    echoed = Line(Random(2))._room(click)
    assert echoed[100] == pytest.approx(1)
    assert np.abs(echoed[101:400]).max() > 0
    assert np.abs(echoed[5000:]).max() < 1e-6


@given(st.lists(st.floats(-32768, 32768), min_size=1, max_size=50))
def test_a_law_keeps_sign_and_size(values: list[float]) -> None:
    signal = np.array(values)
    heard = a_law(signal)
    assert np.all(np.sign(heard) * np.sign(signal) >= 0)
    # G.711 has at worst half a step of 1/128 of the curve: 1/16 of a large sample, 8 of 32768 for a small one.
    assert np.all(np.abs(heard - signal) <= np.maximum(np.abs(signal) / 16, 12))


def test_a_law_knows_only_256_values() -> None:
    assert len(set(a_law(np.arange(-32768, 32768, dtype=float)).tolist())) <= 257


def test_unit_power_of_silence_is_silence() -> None:
    assert unit_power(np.zeros(10)).tolist() == [0] * 10


def test_gsm_keeps_length_and_time_but_not_the_wave() -> None:
    speech = 8000 * _SPEECHLIKE[:4001]
    heard = gsm(speech)
    assert len(heard) == len(speech)
    assert np.corrcoef(speech, heard)[0, 1] > 0.8
    assert np.abs(heard - speech).max() > 100
