"""The waiting music: the form that Asterisk plays, quiet, and without a click where it begins anew."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from ivr.asterisk.waiting_music import LENGTH_S, RATE_HZ, samples, write


def test_the_form_is_what_asterisk_plays(tmp_path: Path) -> None:
    write(tmp_path / "x.wav")
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
        assert file.getnframes() == LENGTH_S * RATE_HZ


def test_it_is_heard_and_quieter_than_a_voice() -> None:
    peak = np.abs(samples().astype(int)).max() / 32768
    assert 0.02 < peak < 0.1


def test_it_repeats_without_a_click() -> None:
    sound = samples().astype(int)
    assert abs(sound[0] - sound[-1]) < 10


def test_most_of_it_is_pause() -> None:
    loud = np.abs(samples().astype(int)) > 200
    assert 0.05 < loud.mean() < 0.5


def test_it_lies_in_the_band_of_the_telephone() -> None:
    spectrum = np.abs(np.fft.rfft(samples()))
    frequencies = np.fft.rfftfreq(len(samples()), 1 / RATE_HZ)
    inside = spectrum[(frequencies > 300) & (frequencies < 3400)]
    assert (inside**2).sum() / (spectrum**2).sum() > 0.95
