"""The mean of the features taken away, as libvosk does while a call goes on.

A strange voice or line shifts all cepstra by about the same amount; without their mean they look more like those of
the training. Kaldi's OnlineCmvn with its default options does it (`feat/online-feature.cc`): from every frame the mean
of the last six seconds is subtracted, helped out by a mean over all training speech while fewer have been heard.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.kaldi_binary import KaldiWriter

_WINDOW: Final = 600  # frames; OnlineCmvnOptions: cmn_window
_HELP: Final = 200  # frames that the global mean counts for at most; global_frames
_COUNT: Final = 100_000.0  # libvosk weighs the global mean by _HELP, whatever this is

Features = NDArray[np.float32]
Mean = NDArray[np.float64]


def mean_of(examples: Iterable[NDArray[np.float16]]) -> Mean:
    """Give the mean of every dimension over the frames of all examples (frames × dimensions each)."""
    total, frames = None, 0
    for example in examples:
        added = example.sum(axis=0, dtype=np.float64)
        total = added if total is None else total + added
        frames += len(example)
    if total is None or not frames:
        raise ValueError("no features to take a mean of")
    mean: Mean = total / frames
    return mean


def normalise(features: Features, mean: Mean) -> Features:
    """Subtract the running mean from features (frames × dimensions); `mean` is the global one."""
    sums = np.cumsum(features, axis=0, dtype=np.float64)
    sums[_WINDOW:] -= sums[:-_WINDOW].copy()
    heard = np.minimum(np.arange(1, len(features) + 1), _WINDOW)[:, None]
    help_ = np.minimum(_WINDOW - heard, _HELP)
    found: Features = (features - (sums + help_ * mean) / (heard + help_)).astype(np.float32)
    return found


def write_stats(path: Path, mean: Mean) -> None:
    """Write `am/global_cmvn.stats`: sums and, last, the count; in the second row the squares, which are not used."""
    sums = np.append(mean, 1.0) * _COUNT
    squares = np.append(mean**2 + 1.0, 0.0) * _COUNT
    with path.open("wb") as file:
        writer = KaldiWriter(file)
        writer.begin()
        writer.double_matrix(np.stack([sums, squares]))
