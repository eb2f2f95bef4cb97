"""8 kHz to 16 kHz in pieces: the same samples as in one go, no shift, no image, bounded delay."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.g711 import Samples
from asr.resampler import Resampler, resampler_for


def tone(hertz: float, seconds: float = 1.0) -> Samples:
    return (8000 * np.sin(2 * np.pi * hertz * np.arange(int(8000 * seconds)) / 8000)).astype("<i2")


def resampled(samples: Samples, sizes: list[int]) -> Samples:
    stream = Resampler(16000)
    out = b""
    at = 0
    for size in sizes:
        out += stream.push(samples[at : at + size].tobytes())
        at += size
    out += stream.push(samples[at:].tobytes()) + stream.flush()
    return np.frombuffer(out, dtype="<i2")


def test_a_narrow_band_model_needs_none() -> None:
    assert resampler_for(8000) is None
    assert isinstance(resampler_for(16000), Resampler)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 3000), max_size=30))
def test_pieces_make_no_difference(sizes: list[int]) -> None:
    samples = np.random.default_rng(0).normal(0, 3000, 6000).astype("<i2")
    heard = resampled(samples, sizes)
    whole = soxr.resample(samples, 8000, 16000, quality="HQ")
    assert len(heard) == 12_000
    assert np.max(np.abs(heard.astype(int) - whole.astype(int))) <= 2  # rounding with dither of int16


@pytest.mark.parametrize("hertz", [300, 1000, 3400])
def test_the_telephone_band_passes_unchanged_and_has_no_image(hertz: float) -> None:
    heard = resampled(tone(hertz), [160] * 50)[2000:14000]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    expected = np.abs(
        np.fft.rfft(8000 * np.sin(2 * np.pi * hertz * np.arange(12000) / 16000) * np.hanning(12000))
    )
    assert spectrum.argmax() == expected.argmax()
    assert spectrum.max() == pytest.approx(expected.max(), rel=0.01)
    image = round((8000 - hertz) * 12000 / 16000)
    assert spectrum[image - 20 : image + 20].max() < spectrum.max() * 1e-4  # -80 dB


def test_time_is_not_shifted() -> None:
    click = np.zeros(8000, dtype="<i2")
    click[4000] = 20_000
    assert int(np.abs(resampled(click, [160] * 50).astype(int)).argmax()) == pytest.approx(8000, abs=1)


def test_what_is_held_back_is_bounded() -> None:
    stream = Resampler(16000)
    out = 0
    for pushed in range(1, 251):
        out += len(stream.push(bytes(320))) // 2
        assert pushed * 0.02 - out / 16000 <= 0.125
    assert out + len(stream.flush()) // 2 == 250 * 320


def test_nothing_in_nothing_out() -> None:
    assert resampled(np.zeros(0, dtype="<i2"), []).size == 0
