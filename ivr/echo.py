"""Our own prompt that comes back from the line, told from a caller who speaks while it plays.

Telephone networks cancel echo, hands-free sets and analogue loops do not always. What comes back has the loudness of
what was sent, some moments later and weaker: so the loudness of the last 0.7 s, 20 ms by 20 ms, is compared with what
was sent, for every delay up to 0.3 s. A caller's syllables do not follow ours.

Tried on the five prompts, sent back 6 to 26 dB weaker and 40 to 280 ms late through A-law and noise: one echo of 125
passed for a caller; fifty callers without an echo were noticed 0.08 s later on average, none not at all.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

_DELAYS = 16  # frames of 20 ms that an echo may take
_WINDOW = 35  # frames that are compared
_FEWEST = 8  # frames, below which likeness says nothing: then it is taken for an echo, 0.16 s long
_ALIKE = 0.7  # correlation from which on it is one
_CERTAIN = 20  # frames so alike tell how much weaker than the prompt the echo is, and how late
_LOUDER_DB = 6.0  # above that echo, somebody speaks, too
_STEADY_DB = 2.0  # standard deviation below which loudness has no shape
_LATE = 2  # frames by which the delay may waver
_SILENCE_DB = -70.0  # of full scale; A-law's idle noise and below
_QUIET_DB = -60.0  # nothing is played


class Echo:
    """Watches one call: give it everything that is heard with what is being played at that moment."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque([_SILENCE_DB] * _DELAYS, maxlen=_WINDOW + _DELAYS)
        self._heard: deque[float] = deque(maxlen=_WINDOW)
        self._known: tuple[int, float] | None = None  # (delay in frames, dB weaker) of this line's echo

    def feed(self, played: bytes, heard: bytes) -> None:
        """Take 20 ms of s16le 8 kHz each; `played` is empty where nothing plays."""
        self._sent.append(_level(played))
        self._heard.append(_level(heard))

    @property
    def is_certain(self) -> bool:
        """Whether this line has an echo beyond doubt."""
        return self._known is not None

    def explains(self) -> bool:
        """Tell whether what was heard last may be nothing but our own prompt."""
        if max(self._sent, default=_SILENCE_DB) <= _QUIET_DB:
            return False
        if len(self._heard) < _FEWEST:
            return True
        alike = self._compare()
        return alike >= _ALIKE or self._heard[-1] < self._expected() + _LOUDER_DB

    def _compare(self) -> float:
        """Return the best correlation over all delays; learns the echo where that is certain."""
        heard = np.array(self._heard)
        sent = np.array(self._sent)
        windows = sliding_window_view(sent, len(heard))[::-1]  # the first one is not delayed
        alike = _correlations(windows, heard)
        weaker = windows.mean(axis=1) - heard.mean()
        alike[weaker <= 0] = -1.0  # louder than what was sent: no echo
        delay = int(alike.argmax())
        if alike[delay] >= _ALIKE and len(heard) >= _CERTAIN:
            self._known = delay, float(weaker[delay])
        return float(alike[delay])

    def _expected(self) -> float:
        """Return the loudness in dB that this line's echo may have now."""
        if self._known is None:
            return -np.inf
        delay, weaker = self._known
        sent = list(self._sent)[::-1][max(0, delay - _LATE) : delay + _LATE + 1]
        return max((level - weaker for level in sent), default=-np.inf)


def _level(pcm: bytes) -> float:
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64)
    if not len(samples):
        return _SILENCE_DB
    power = float(samples @ samples) / len(samples) / 32768.0**2
    return max(_SILENCE_DB, 10.0 * math.log10(power + 1e-12))


def _correlations(
    windows: npt.NDArray[np.float64], heard: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the correlation of each window with what was heard; -1 where one of them has no shape."""
    spread = windows.std(axis=1) * heard.std()
    products = (windows - windows.mean(axis=1, keepdims=True)) @ (heard - heard.mean()) / len(heard)
    shaped = (windows.std(axis=1) >= _STEADY_DB) & (heard.std() >= _STEADY_DB)
    alike: npt.NDArray[np.float64] = np.where(shaped, products / np.where(shaped, spread, 1.0), -1.0)
    return alike
