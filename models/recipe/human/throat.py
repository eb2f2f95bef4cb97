"""One voice made into many: the vocoder WORLD takes speech apart and puts it together again as another throat would.

Pitch, formants, breath and tempo are changed independently (Morise, Yokomori and Ozawa 2016), so that one woman's
words train the net for men, children and hurried callers. Words read alone reach every target; running speech falls
short of them, and so do lazy mouths here (`sloth`). What it cannot change is an accent.
"""

from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from models.recipe.human.clips import RATE


def _world() -> Any:
    """Load pyworld's extension without its package, which asks pkg_resources, gone from setuptools, for a version.

    Raises:
        ModuleNotFoundError: pyworld is not installed.

    """
    package = find_spec("pyworld")
    folders = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec("pyworld.pyworld", folders) if folders else None
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("No module named 'pyworld'", name="pyworld")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pyworld: Final = _world()

_FRAME_MS: Final = 8.0
_LOWEST_HZ, _HIGHEST_HZ = 65.0, 450.0  # of the voices that come in
_MOST_HZ: Final = 500.0  # of those that go out
_MOST_SLOTH_S: Final = 0.03

Signal = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Throat:
    """How a pseudo-speaker differs from the speaker."""

    pitch: float = 1.0
    """Factor of the mean fundamental frequency."""
    intonation: float = 1.0
    """Exponent of the pitch's movements about its mean: below 1 flat, above lively."""
    formants: float = 1.0
    """Factor of all formants: below 1 a longer throat."""
    tilt: float = 0.0
    """Nepers that the spectrum rises at the top and falls at the bottom."""
    contrast: float = 1.0
    """Factor of the spectrum's relief."""
    breath: float = 0.0
    """What is added to the share of noise at the top of the spectrum, 0 to 1."""
    sloth: float = 0.0
    """Standard deviation in seconds of what smooths the movements of mouth and voice: targets are no longer reached."""


def random_throat(rng: Random, mean_hertz: float) -> Throat:
    """Draw a throat: a man's or a woman's pitch, formants that go with it more or less."""
    male = rng.random() < 0.55
    hertz = rng.uniform(85, 165) if male else rng.uniform(160, 290)
    pitch = min(1.8, max(0.4, hertz / mean_hertz))
    # From a woman to a man formants fall by about a sixth while pitch falls by almost half: exponent 0.3.
    return Throat(
        pitch=pitch,
        intonation=rng.uniform(0.5, 1.35),
        formants=min(1.2, max(0.76, pitch**0.3 * rng.uniform(0.9, 1.1))),
        tilt=rng.uniform(-0.9, 0.9),
        contrast=rng.uniform(0.75, 1.2),
        breath=max(0.0, rng.uniform(-0.2, 0.2)),
        sloth=max(0.0, rng.uniform(-_MOST_SLOTH_S, _MOST_SLOTH_S)),
    )


def mean_pitch(samples: Signal) -> float:
    """Give the mean fundamental frequency in Hz (geometric, of voiced frames); 0 where there is no voice."""
    pitch, _ = pyworld.dio(samples, RATE, f0_floor=_LOWEST_HZ, f0_ceil=_HIGHEST_HZ, frame_period=_FRAME_MS)
    voiced = pitch[pitch > 0]
    return float(np.exp(np.log(voiced).mean())) if len(voiced) else 0.0


def speak_with(samples: Signal, throat: Throat, moments: Signal, moved: Signal) -> Signal:
    """Speak samples at RATE again with another throat and other timing.

    What is heard at each of `moments` (samples, rising from 0 to the end) is then heard at the one of `moved`.
    """
    pitch, times = pyworld.dio(
        samples, RATE, f0_floor=_LOWEST_HZ, f0_ceil=_HIGHEST_HZ, frame_period=_FRAME_MS
    )
    pitch = pyworld.stonemask(samples, pitch, times, RATE)
    envelope = pyworld.cheaptrick(samples, pitch, times, RATE)
    # Its test for voice looks above RATE / 2 and would find whispers everywhere; the pitch above says what has voice.
    noise = pyworld.d4c(samples, pitch, times, RATE, threshold=0.0)
    frame = RATE * _FRAME_MS / 1000
    wanted = np.interp(np.arange(0, moved[-1], frame), moved, moments) / frame
    kept = np.clip(np.round(wanted), 0, len(pitch) - 1).astype(int)
    spoken = pyworld.synthesize(
        _new_pitch(pitch[kept], throat),
        np.ascontiguousarray(_new_envelope(envelope[kept], throat)),
        np.ascontiguousarray(_new_noise(noise[kept], throat)),
        RATE,
        _FRAME_MS,
    )
    length = round(moved[-1])
    return np.pad(spoken, (0, max(0, length - len(spoken))))[:length]


def _new_pitch(pitch: Signal, throat: Throat) -> Signal:
    voiced = pitch > 0
    if not voiced.any():
        return pitch
    frames = np.arange(len(pitch))
    height = np.interp(frames, frames[voiced], np.log(pitch[voiced]))  # carried on through voiceless sounds
    mean = height[voiced].mean()
    moved = np.exp(mean + throat.intonation * (_slow(height, 2 * throat.sloth) - mean)) * throat.pitch
    return np.where(voiced, np.minimum(moved, _MOST_HZ), 0.0)


def _new_envelope(envelope: Signal, throat: Throat) -> Signal:
    relief = _slow(np.log(_stretched(envelope, throat.formants) + 1e-12), throat.sloth)
    mean = relief.mean(axis=1, keepdims=True)
    slope = throat.tilt * np.linspace(-1, 1, envelope.shape[1])
    changed: Signal = np.exp(mean + (relief - mean) * throat.contrast + slope)
    return changed


def _new_noise(noise: Signal, throat: Throat) -> Signal:
    added = throat.breath * np.linspace(0, 1, noise.shape[1])
    changed: Signal = np.clip(_stretched(noise, throat.formants) + added, 0.0, 1.0)
    return changed


def _slow(movements: Signal, deviation_s: float) -> Signal:
    """Smooth movements (frames first): what is spoken fast falls short of its targets."""
    frames = deviation_s * 1000 / _FRAME_MS
    smooth: Signal = gaussian_filter1d(movements, frames, axis=0, mode="nearest") if frames > 0 else movements
    return smooth


def _stretched(spectra: Signal, factor: float) -> Signal:
    """Move all frequencies of spectra (frames × bins) by a factor; beyond the top the last bin repeats."""
    bins = spectra.shape[1]
    source = np.minimum(np.arange(bins) / factor, bins - 1.001)
    low = source.astype(int)
    share = source - low
    stretched: Signal = spectra[:, low] * (1 - share) + spectra[:, low + 1] * share
    return stretched
