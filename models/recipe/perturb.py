"""Other throats and other lines, at random and at once: one linear map on the features.

All 40 cepstra are kept, so they can be turned back into the 40 log mel energies that they come from. There a longer or
shorter vocal tract stretches the frequencies (vocal tract length perturbation, Jaitly and Hinton 2013), each formant's
region a little otherwise since no two mouths are alike, sharper or blunter formants and livelier or flatter spectra
weigh the cepstra, a line's filter adds a curve, and a mask blots out a band (SpecAugment, Park et al. 2019). Map, curve
and the way there and back are one 40 × 40 matrix and one vector, which costs next to nothing in training.
"""

from dataclasses import dataclass
from functools import cache
from math import exp
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from models.recipe.features import CEPSTRA, HIGH_HZ, LOW_HZ, SAMPLE_RATE

_LIFTER: Final = 22.0  # MfccOptions: cepstral_lifter
_LEAST_TRACT, _MOST_TRACT = 0.82, 1.22
_REGIONS: Final = np.array([0.0, 450.0, 1000.0, 1700.0, 2600.0, 4000.0])  # Hz: the formants lie between
_MOUTH: Final = 0.05  # how much a region's factor varies (of its logarithm)
_BLUNTEST, _SHARPEST = 0.975, 1.01  # factor a cepstrum: below 1 formants are broader
_FLATTEST, _LIVELIEST = 0.8, 1.2
_FILTER_NEPERS: Final = 1.2  # of power: about 5 dB
_WIDEST_MASK: Final = 6  # bands

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A map of cepstra: matrix (40 × 40) and offset (40)."""

    matrix: Array
    offset: Array

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map features (frames × at least 40); dimensions after the cepstra stay as they are."""
        changed = features.copy()
        changed[:, :CEPSTRA] = features[:, :CEPSTRA] @ self.matrix.T.astype(np.float32) + self.offset
        return changed


def perturbation(rng: Random) -> Perturbation:
    """Draw a map."""
    bands = np.eye(CEPSTRA)
    if rng.random() < 0.8:
        factor = rng.uniform(_LEAST_TRACT, _MOST_TRACT)
        bands = moved(_REGIONS * [factor * exp(rng.gauss(0, _MOUTH)) for _ in _REGIONS])
    curve: Array = np.zeros(CEPSTRA)
    if rng.random() < 0.7:
        at = (np.arange(CEPSTRA) + 0.5) / CEPSTRA
        for wave in range(1, 5):
            curve += rng.gauss(0, _FILTER_NEPERS / wave) * np.cos(np.pi * wave * at).astype(np.float64)
    if rng.random() < 0.5:
        for _ in range(rng.randint(1, 2)):
            width = rng.randint(1, _WIDEST_MASK)
            low = rng.randrange(CEPSTRA - width)
            bands = mask(low, width) @ bands
    there, back = _cepstra_of_bands(), _bands_of_cepstra()
    if rng.random() < 0.5:
        there = relief(rng.uniform(_FLATTEST, _LIVELIEST), rng.uniform(_BLUNTEST, _SHARPEST)) @ there
    offset = there @ curve
    offset[0] += rng.uniform(-8, 8)  # loudness
    return Perturbation(there @ bands @ back, offset)


def stretch(factor: float) -> Array:
    """Give the matrix that moves all frequencies up by `factor`; what lies beyond the last band repeats it."""
    return moved(_REGIONS * factor)


def moved(regions: Array) -> Array:
    """Give the matrix that moves the edges of the formants' regions to these frequencies (Hz, rising).

    Between the edges frequencies move in proportion; what lies beyond the last band repeats it.
    """
    centres = _centres()
    from_hertz = np.interp(_hertz(centres), regions, _REGIONS)
    source = np.interp(_mel(from_hertz), centres, np.arange(CEPSTRA))
    low = np.minimum(source.astype(int), CEPSTRA - 2)
    matrix = np.zeros((CEPSTRA, CEPSTRA))
    rows = np.arange(CEPSTRA)
    matrix[rows, low] = 1 - (source - low)
    matrix[rows, low + 1] = source - low
    return matrix


def relief(lively: float, sharp: float) -> Array:
    """Give the matrix that makes a spectrum livelier and its formants sharper (both 1: as it is); loudness stays."""
    weights = lively * sharp ** np.arange(CEPSTRA)
    weights[0] = 1.0
    return np.diag(weights)


def mask(low: int, width: int) -> Array:
    """Give the matrix that puts the mean of all bands in the place of `width` bands from `low` on."""
    matrix = np.eye(CEPSTRA)
    matrix[low : low + width] = 1 / CEPSTRA
    return matrix


@cache
def _cepstra_of_bands() -> Array:
    lifter = 1 + 0.5 * _LIFTER * np.sin(np.pi * np.arange(CEPSTRA) / _LIFTER)
    matrix: Array = lifter[:, None] * dct(np.eye(CEPSTRA), axis=0, norm="ortho")
    return matrix


@cache
def _bands_of_cepstra() -> Array:
    matrix: Array = np.asarray(np.linalg.inv(_cepstra_of_bands()), np.float64)
    return matrix


def _centres() -> Array:
    """Give the middles of Kaldi's mel bands, in mel."""
    low, high = _mel(np.array([LOW_HZ, SAMPLE_RATE / 2 + HIGH_HZ]))
    return np.linspace(low, high, CEPSTRA + 2)[1:-1]


def _mel(hertz: Array) -> Array:
    mel: Array = 1127.0 * np.log1p(hertz / 700.0)
    return mel


def _hertz(mel: Array) -> Array:
    hertz: Array = 700.0 * np.expm1(mel / 1127.0)
    return hertz
