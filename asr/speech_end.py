"""Is the caller speaking, and since when not? Voice activity on 20 ms frames of telephone audio.

A frame is voice when its power between 300 and 3400 Hz stands clearly above the line's own noise, and it is
neither a tone nor a steady noise. Mains hum lies below that band; the idle noise of A-law (±8 of 32768) lies
below the lowest level that counts; DTMF and call-progress tones put nearly all their power into one or two
narrow peaks, which speech does not; and what keeps one level for 0.4 s is a fan or an engine, not a voice.
"""

import math
from collections import deque

import numpy as np
import numpy.typing as npt

from asr.recogniser import SAMPLE_BYTES, SAMPLE_RATE

FRAME_S = 0.02  # what RTP and AudioSocket carry in one packet
_FRAME = int(SAMPLE_RATE * FRAME_S)
_FRAME_BYTES = _FRAME * SAMPLE_BYTES
_BIN_HZ = SAMPLE_RATE / _FRAME
_BAND = slice(round(300 / _BIN_HZ), round(3400 / _BIN_HZ) + 1)  # the telephone channel (ITU-T G.712)
_WINDOW = np.hanning(_FRAME)
_POWER = 2.0 / (_FRAME * float(np.sum(_WINDOW**2)) * 32768.0**2)  # sum of bins -> mean power of full scale 1
# The windowed Fourier transform of the band alone, real parts above imaginary ones: for one short frame a product with
# it costs a third of an FFT. Mean and hum need no taking away: the window keeps them out of the band.
_TRANSFORM = np.fft.rfft(np.eye(_FRAME) * _WINDOW)[:, _BAND].T
_TRANSFORM = np.concatenate((_TRANSFORM.real, _TRANSFORM.imag)).astype(np.float32)
_BINS = len(_TRANSFORM) // 2

# Noise floor: the lowest smoothed level of the last 3 s (minimum statistics, Martin 2001). Speech never goes
# 3 s without a dip between syllables.
_FLOOR_BLOCK = 10  # frames a block: the minimum is kept for each 0.2 s ...
_FLOOR_BLOCKS = 15  # ... over 3 s
_SMOOTH = 0.5  # weight of the newest frame: evens out the frame-to-frame jitter of noise
# dB of full scale. Below -62 nothing is a voice: A-law's idle noise is -72, a faint caller -40.
_FLOOR_LOWEST = -62.0
# Before 3 s have been heard the minimum may itself be speech; so an early floor is at most -40.
_FLOOR_HIGHEST_EARLY = -40.0
# dB above the floor. The minimum of noise lies 2 dB below its mean and single frames jitter by 2 dB: 9 dB is
# reached by no frame of a steady noise; a voice once heard is followed down to 6 dB (soft ends of words).
_BEGIN_DB = 9.0
_STAY_DB = 6.0

_TONAL = 0.97  # share of the band's power in the two strongest peaks; DTMF at 20 dB above noise has 0.99
_PEAK = 2  # bins each side of a peak: the main lobe of the Hann window
_STEADY_FRAMES = 20  # 0.4 s
_STEADY_DB = 1.2  # standard deviation of the level; noise has 0.7, syllables have 5 and more

_VOTES = 4  # a voice begins when 3 of 4 frames say so: a click is one frame, a syllable at least five
_VOTES_NEEDED = 3
_HANGOVER_S = 0.2  # stop consonants and the gaps between syllables do not end a voice


class EndOfSpeech:
    """Voice activity of one call: feed() it everything that comes from the line."""

    def __init__(self) -> None:
        self._rest = b""
        self._frames = 0
        self._voiced_frames = 0
        self._last_voice = 0  # number of frames heard when the last voiced one ended
        self._speaking = False
        self._votes: deque[bool] = deque(maxlen=_VOTES)
        self._levels: deque[float] = deque(maxlen=_STEADY_FRAMES)  # dB
        self._counted: deque[int] = deque(maxlen=_STEADY_FRAMES)  # frames that each of these counted as voice
        self._smoothed = 0.0
        self._minima: deque[float] = deque(maxlen=_FLOOR_BLOCKS)
        self._block_minimum = 0.0
        self._steady_level: float | None = None

    @property
    def speaking(self) -> bool:
        """Whether a voice is heard now (or was within the last 0.2 s)."""
        return self._speaking

    @property
    def silence_s(self) -> float:
        """Seconds since the last voice; since the beginning when there was none."""
        return (self._frames - self._last_voice) * FRAME_S

    @property
    def speech_s(self) -> float:
        """Seconds of voice in sum, pauses not counted."""
        return self._voiced_frames * FRAME_S

    @property
    def floor_db(self) -> float:
        """The line's noise level in dB of full scale, as far as it is known."""
        lowest = min(self._minima, default=_FLOOR_LOWEST)
        if self._frames % _FLOOR_BLOCK:
            lowest = min(lowest, self._block_minimum) if self._minima else self._block_minimum
        if len(self._minima) < _FLOOR_BLOCKS:
            lowest = min(lowest, _FLOOR_HIGHEST_EARLY)
        if self._steady_level is not None:
            lowest = max(lowest, self._steady_level)
        return max(lowest, _FLOOR_LOWEST)

    def feed(self, pcm: bytes) -> None:
        """Take s16le mono 8 kHz of any length; what does not fill a 20 ms frame waits for the next call."""
        self._rest += pcm
        whole = len(self._rest) - len(self._rest) % _FRAME_BYTES
        frames = np.frombuffer(self._rest[:whole], dtype="<i2").reshape(-1, _FRAME)
        self._rest = self._rest[whole:]
        for frame in frames:
            self._frame(frame.astype(np.float32))

    def _frame(self, samples: npt.NDArray[np.float32]) -> None:
        """Judge one frame."""
        squares = np.square(_TRANSFORM @ samples)
        spectrum = squares[:_BINS] + squares[_BINS:]
        power = float(spectrum.sum())
        level = 10.0 * math.log10(power * _POWER + 1e-10)
        floor = self._follow_noise(level)
        margin = level - floor
        loud = margin >= (_STAY_DB if self._speaking else _BEGIN_DB)
        self._count(voiced=loud and not _is_tonal(spectrum, power))

    def _follow_noise(self, level: float) -> float:
        """Update the noise floor with one frame's level and return it, both in dB of full scale."""
        self._smoothed = level if self._frames == 0 else self._smoothed + _SMOOTH * (level - self._smoothed)
        in_block = self._frames % _FLOOR_BLOCK
        self._block_minimum = self._smoothed if in_block == 0 else min(self._block_minimum, self._smoothed)
        self._levels.append(level)
        self._frames += 1
        if in_block == _FLOOR_BLOCK - 1:
            self._minima.append(self._block_minimum)
        if self._frames >= _STEADY_FRAMES and _spread(self._levels) < _STEADY_DB:
            if self._steady_level is None:  # what the last 0.4 s counted as voice was this noise's beginning
                self._voiced_frames -= sum(self._counted)
                self._counted.clear()
            self._steady_level = sum(self._levels) / _STEADY_FRAMES
        elif self._steady_level is not None and abs(level - self._steady_level) > _STAY_DB:
            self._steady_level = None  # that noise is over, or something louder covers it
        return self.floor_db

    def _count(self, *, voiced: bool) -> None:
        """Turn judgements of frames into a voice that begins and ends."""
        self._votes.append(voiced)
        begins = not self._speaking and sum(self._votes) >= _VOTES_NEEDED
        counted = sum(self._votes) if begins else int(self._speaking and voiced)
        self._counted.append(counted)
        self._voiced_frames += counted
        if counted:
            self._speaking = True
            self._last_voice = self._frames
        elif self._speaking and self.silence_s >= _HANGOVER_S:
            self._speaking = False
            self._votes.clear()


def _spread(levels: deque[float]) -> float:
    """Standard deviation; for twenty numbers Python's own arithmetic is faster than numpy's."""
    mean = sum(levels) / len(levels)
    return math.sqrt(sum([(level - mean) ** 2 for level in levels]) / len(levels))


def _is_tonal(spectrum: npt.NDArray[np.floating], power: float) -> bool:
    """Whether one or two narrow peaks hold nearly all of the band's power."""
    rest = spectrum.copy()
    for _ in range(2):
        peak = int(rest.argmax())
        rest[max(0, peak - _PEAK) : peak + _PEAK + 1] = 0.0
    return float(rest.sum()) <= (1.0 - _TONAL) * power
