"""What a telephone line does to speech: rooms, noise, filters, levels and G.711, all at random.

Signals are mono floats at 8 kHz in the scale of 16-bit samples.
"""

import io
from random import Random
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import butter, fftconvolve, sosfilt

from models.recipe.features import SAMPLE_RATE
from models.recipe.knocks import knocks
from models.recipe.tones import call_progress, dtmf

_FULL_SCALE = 32767.0
_BABBLERS = 40

Signal: TypeAlias = NDArray[np.float64]


def unit_power(signal: Signal) -> Signal:
    """Scale a signal to a mean power of 1."""
    scaled: Signal = signal / (np.sqrt(np.mean(signal**2)) + 1e-9)
    return scaled


class Line:
    """A random telephone line. It remembers earlier speakers, whose voices become babble behind later ones."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._noise = np.random.default_rng(rng.getrandbits(64))
        self._speakers: list[Signal] = []

    def carry(self, speech: Signal, level: float = 1.0) -> Signal:
        """Send speech over the line.

        `level` scales how likely reverberation and noise are: 0 a quiet room, 1 training, above 1 worse. Gives
        whole numbers within 16 bits.
        """
        rng = self._rng
        signal = unit_power(speech)
        self._remember(signal)
        if rng.random() < 0.4 * level:
            signal = self._room(signal)
        if rng.random() < 0.7 * level:
            loudness = 10 ** (-rng.uniform(5, 35) / 20)
            signal = unit_power(signal) + self.noise(len(signal)) * loudness
        elif rng.random() < 0.5:
            signal = signal + self._noise.standard_normal(len(signal)) * 10 ** (-rng.uniform(35, 60) / 20)
        if rng.random() < 0.05 * level:
            signal = signal + knocks(len(signal), rng, self._noise) * rng.uniform(0.5, 6)
        if rng.random() < 0.8:
            signal = self._telephone_band(signal)
        if rng.random() < 0.3:
            signal = np.convolve(signal, [1.0, rng.uniform(-0.5, 0.5)])[: len(signal)]
        signal = signal / (np.max(np.abs(signal)) + 1e-9) * _FULL_SCALE * 10 ** (-rng.uniform(0, 26) / 20)
        if rng.random() < 0.08:
            signal = signal * rng.uniform(1.5, 5)  # clipped below
        if rng.random() < 0.06 * level:
            signal = self._lose_packets(signal)
        signal = np.clip(signal, -_FULL_SCALE, _FULL_SCALE)
        if rng.random() < 0.2 * level:
            signal = gsm(signal)
        return np.round(a_law(signal) if rng.random() < 0.7 else signal)

    def idle(self, seconds: float) -> Signal:
        """Give a line on which nobody speaks: noise, a call-progress tone, keys, knocks, or digital silence."""
        rng = self._rng
        samples = int(seconds * SAMPLE_RATE)
        kind = rng.random()
        if kind < 0.05:
            return np.zeros(samples)
        if kind < 0.3:
            signal = call_progress(samples, rng)
        elif kind < 0.4:
            signal = dtmf(samples, rng)
        elif kind < 0.6:
            signal = knocks(samples, rng, self._noise)
        else:
            signal = self.noise(samples)
        if kind < 0.6 and rng.random() < 0.5:
            signal = signal + self.noise(samples) * 10 ** (-rng.uniform(10, 50) / 20)
        peak = np.max(np.abs(signal)) + 1e-9
        return np.round(a_law(signal / peak * _FULL_SCALE * 10 ** (-rng.uniform(3, 60) / 20)))

    def noise(self, samples: int) -> Signal:
        """Make noise of power 1: white, coloured, mains hum or babble, sometimes swelling."""
        rng = self._rng
        kind = rng.random()
        signal = self._noise.standard_normal(samples)
        time = np.arange(samples) / SAMPLE_RATE
        if 0.3 <= kind < 0.6:
            spectrum = rfft(signal, next_fast_len(samples, real=True))
            spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** rng.uniform(0.3, 1.0)
            signal = irfft(spectrum, next_fast_len(samples, real=True))[:samples]
        elif 0.6 <= kind < 0.7:
            base = rng.uniform(40, 130)
            signal = 0.3 * signal
            for harmonic in range(1, 8):
                signal += np.sin(2 * np.pi * base * harmonic * time + rng.random() * 6) / harmonic
        elif kind >= 0.7 and self._speakers:
            signal = self._babble(samples)
        if rng.random() < 0.4:
            signal = signal * (1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.1, 2) * time + rng.random() * 6))
        return unit_power(signal)

    def _babble(self, samples: int) -> Signal:
        signal = np.zeros(samples)
        for _ in range(self._rng.randint(2, 6)):
            speaker = self._rng.choice(self._speakers)
            shifted = np.roll(speaker, self._rng.randrange(len(speaker)))
            signal += np.resize(shifted, samples) * self._rng.uniform(0.4, 1)
        return signal

    def _remember(self, speech: Signal) -> None:
        if len(self._speakers) < _BABBLERS:
            self._speakers.append(speech)
        elif self._rng.random() < 0.1:
            self._speakers[self._rng.randrange(_BABBLERS)] = speech

    def _room(self, signal: Signal) -> Signal:
        """Add a reverberation tail: noise that decays by 60 dB within 50 to 350 ms."""
        samples = int(self._rng.uniform(0.05, 0.35) * SAMPLE_RATE)
        tail = self._noise.standard_normal(samples) * np.exp(-6.9 * np.arange(samples) / samples)
        tail *= self._rng.uniform(0.05, 0.3)
        tail[0] = 1
        echoed: Signal = fftconvolve(signal, tail)[: len(signal)]
        return echoed

    def _telephone_band(self, signal: Signal) -> Signal:
        edges = [self._rng.uniform(180, 350), self._rng.uniform(3200, 3800)]
        sections = butter(self._rng.choice([2, 3, 4]), edges, "bandpass", fs=SAMPLE_RATE, output="sos")
        filtered: Signal = sosfilt(sections, signal)
        return filtered

    def _lose_packets(self, signal: Signal) -> Signal:
        """Silence one to four packets of 20 ms, as a receiver without concealment does."""
        lost = signal.copy()
        for _ in range(self._rng.randint(1, 4)):
            start = self._rng.randrange(max(1, len(signal) - 160))
            lost[start : start + 160] = 0.0
        return lost


def gsm(signal: Signal) -> Signal:
    """Send samples through a mobile telephone's codec and back (GSM 06.10, 13 kbit/s, by libsndfile)."""
    file = io.BytesIO()
    soundfile.write(file, signal / 32768, SAMPLE_RATE, format="WAV", subtype="GSM610")
    file.seek(0)
    heard, _ = soundfile.read(file, dtype="float64")
    decoded: Signal = np.pad(heard, (0, max(0, len(signal) - len(heard))))[: len(signal)] * 32768
    return decoded


def a_law(signal: Signal) -> Signal:
    """Send samples through G.711 A-law and back (the continuous curve of ITU-T G.711, 8 bits)."""
    steepness = 87.6
    size = np.abs(np.clip(signal / 32768, -1, 1))
    scale = 1 + np.log(steepness)
    linear = size < 1 / steepness
    curve = np.where(linear, steepness * size, 1 + np.log(np.maximum(steepness * size, 1e-9))) / scale
    coded = (np.minimum(np.floor(curve * 128), 127) + 0.5) / 128
    decoded = np.where(coded < 1 / scale, coded * scale, np.exp(coded * scale - 1)) / steepness
    heard: Signal = np.sign(signal) * decoded * 32768
    return heard
