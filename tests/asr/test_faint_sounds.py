"""Taps and breaths are counted; speech, tones, hum and steady noise are neither."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from asr.faint_sounds import FaintSounds
from asr.g711 import alaw_decode, alaw_encode
from tests.asr.conftest import Say

RATE = 8000


def line(seconds: float, level: float = 12.0) -> npt.NDArray[np.float64]:
    """A quiet line's noise; `level` is its standard deviation of 32768."""
    return np.random.default_rng(round(seconds * 100)).normal(0, level, int(RATE * seconds))


def knock(peak: float = 9000.0, frequency: float = 900.0, decay_s: float = 0.008) -> npt.NDArray[np.float64]:
    """A fingernail on the housing: a resonance that dies away at once."""
    t = np.arange(int(RATE * 0.08)) / RATE
    return peak * np.exp(-t / decay_s) * np.sin(2 * np.pi * frequency * t)


def breath(seconds: float, level: float = 60.0) -> npt.NDArray[np.float64]:
    """Noise that swells and ebbs."""
    count = int(RATE * seconds)
    return np.random.default_rng(count).normal(0, level, count) * np.sqrt(np.hanning(count))


def heard(*pieces: npt.NDArray[np.float64], piece_bytes: int = 320) -> FaintSounds:
    """What comes of it after the line's A-law, in packets."""
    samples = np.clip(np.concatenate(pieces), -32000, 32000).astype(np.int16)
    pcm = alaw_decode(alaw_encode(samples)).astype("<i2").tobytes()
    sounds = FaintSounds()
    for at in range(0, len(pcm), piece_bytes):
        sounds.feed(pcm[at : at + piece_bytes])
    return sounds


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("peak", [2500.0, 9000.0, 30000.0])
def test_taps_are_counted(count: int, peak: float) -> None:
    pieces = [line(1.0)]
    for _ in range(count):
        pieces += [knock(peak), line(0.4)]
    assert heard(*pieces).taps == count


@pytest.mark.parametrize("piece_bytes", [1, 80, 333, 5000])
def test_the_size_of_the_pieces_does_not_matter(piece_bytes: int) -> None:
    sound = np.concatenate([line(1.0), knock(), line(0.5), breath(0.8), line(1.0)])
    one, other = heard(sound), heard(sound, piece_bytes=piece_bytes)
    assert (one.taps, one.breaths) == (other.taps, other.breaths) == (1, 1)


@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.8])
def test_a_breath_is_counted(seconds: float) -> None:
    sounds = heard(line(1.5), breath(seconds), line(1.0))
    assert (sounds.breaths, sounds.taps) == (1, 0)


def test_silence_and_digital_silence_give_nothing() -> None:
    for pieces in ([line(6.0)], [np.zeros(RATE * 6)], [line(3.0, 3.0), np.zeros(RATE * 3)]):
        sounds = heard(*pieces)
        assert (sounds.taps, sounds.breaths) == (0, 0)


def test_tones_hum_and_noise_that_begins_are_no_signs() -> None:
    t = np.arange(RATE * 2) / RATE
    tone = 6000 * np.sin(2 * np.pi * 425 * t)
    hum = 3000 * np.sin(2 * np.pi * 50 * t)
    for sound in (tone, hum, line(6.0, 900.0)):
        sounds = heard(line(1.5), sound)
        assert (sounds.taps, sounds.breaths) == (0, 0)


def test_speech_is_hardly_ever_a_tap(say: Say) -> None:
    sounds = heard(line(1.0), say("我家水管爆裂了请派人来修一下").astype(np.float64), line(1.0))
    assert sounds.taps <= 1  # a stop consonant between two pauses may sound like one


def test_nothing_is_fed() -> None:
    sounds = FaintSounds()
    sounds.feed(b"")
    sounds.feed(b"\1")
    assert (sounds.taps, sounds.breaths) == (0, 0)
