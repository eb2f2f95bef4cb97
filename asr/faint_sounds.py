"""What a caller who does not speak may still give: a tap on the telephone, a breath.

Police forces listen for them on silent calls (the British "Silent Solution" asks for a cough, a tap or keys). Neither
is evidence of anything but of somebody being there; both are told to the person who takes the call.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import numpy.typing as npt

from asr.recogniser import SAMPLE_BYTES, SAMPLE_RATE

_BLOCK_S = 0.005  # a tap's onset is sharper than a packet of 20 ms shows
_BLOCK = int(SAMPLE_RATE * _BLOCK_S)
_BLOCK_BYTES = _BLOCK * SAMPLE_BYTES
_PREEMPHASIS = 0.97  # takes hum and rumble out of the level
_SILENCE_DB = -75.0  # of full scale, after pre-emphasis: A-law's idle noise and everything below

_SPAN = 20  # blocks: levels are averaged over 0.1 s for the floor and for breaths
_FLOOR_SPANS = 30  # the floor is the lowest such average of the last 3 s

_TAP_DB = 20.0  # above the floor
_QUIET_DB = 8.0  # below this above the floor nothing happens
_QUIET_BLOCKS = 12  # 0.06 s of quiet before a tap: syllables of one word are nearer to each other
_TAP_BLOCKS = 24  # 0.12 s: by then a knock has died away, and a syllable has not

_BREATH_DB = (4.0, 20.0)  # above the floor
_BREATH_SPANS = (3, 25)  # 0.3 to 2.5 s


class FaintSounds:
    """Counts taps and breaths of one call: feed() it everything that comes from the line."""

    def __init__(self) -> None:
        self.taps = 0
        self.breaths = 0
        self._rest = b""
        self._before = 0.0  # the last sample of the last block
        self._span: list[float] = []  # powers of the blocks of the span under way
        self._spans: deque[float] = deque(maxlen=_FLOOR_SPANS)  # dB
        self._floor = _SILENCE_DB
        self._quiet = 0  # blocks of quiet so far
        self._knock: tuple[int, float] | None = None  # blocks since the onset, its loudest level in dB
        self._breath = 0  # spans that a breath has lasted; -1: too loud or too long for one

    def feed(self, pcm: bytes) -> None:
        """Take s16le mono 8 kHz of any length; what does not fill 5 ms waits for the next call."""
        self._rest += pcm
        whole = len(self._rest) - len(self._rest) % _BLOCK_BYTES
        samples = np.frombuffer(self._rest[:whole], dtype="<i2").astype(np.float64) / 32768.0
        self._rest = self._rest[whole:]
        for power in self._powers(samples):
            self._take(float(power))

    def _powers(self, samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return each block's power of full scale, pre-emphasised."""
        if not len(samples):
            return samples
        before = np.concatenate(([self._before], samples[:-1]))
        self._before = float(samples[-1])
        powers: npt.NDArray[np.float64] = (
            ((samples - _PREEMPHASIS * before) ** 2).reshape(-1, _BLOCK).mean(axis=1)
        )
        return powers

    def _take(self, power: float) -> None:
        self._listen_for_tap(_db(power))
        self._span.append(power)
        if len(self._span) == _SPAN:
            level = _db(sum(self._span) / _SPAN)
            self._span.clear()
            self._listen_for_breath(level)
            self._spans.append(level)
            self._floor = max(min(self._spans), _SILENCE_DB)

    def _listen_for_tap(self, level: float) -> None:
        floor = self._floor
        if self._knock is not None:
            age, peak = self._knock[0] + 1, max(self._knock[1], level)
            if level < floor + _QUIET_DB or level < peak - 2 * _TAP_DB:
                self.taps += 1
                self._knock = None
            elif age >= _TAP_BLOCKS:
                self._knock = None  # a voice, a tone, a door: it goes on
            else:
                self._knock = (age, peak)
        elif level >= floor + _TAP_DB and self._quiet >= _QUIET_BLOCKS:
            self._knock = (0, level)
        self._quiet = self._quiet + 1 if level < floor + _QUIET_DB else 0

    def _listen_for_breath(self, level: float) -> None:
        above = level - self._floor
        low, high = _BREATH_DB
        shortest, longest = _BREATH_SPANS
        if above >= high or self._breath >= longest:
            self._breath = -1
        elif above >= low or (self._breath > 0 and above >= low / 2):
            self._breath += self._breath >= 0
        else:
            self.breaths += self._breath >= shortest
            self._breath = 0


def _db(power: float) -> float:
    return max(10.0 * math.log10(power + 1e-12), _SILENCE_DB)
