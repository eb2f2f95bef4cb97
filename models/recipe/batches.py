"""Batches of training examples from several sources, mixed, with labels for every third frame.

Examples are cut into windows of at most three seconds. Each batch has its fixed share of windows of every source: the
batch normalisations would otherwise learn the source that came last.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.recipe.cmn import Mean, normalise
from models.recipe.data import Example
from models.recipe.features import SUBSAMPLING
from models.recipe.perturb import perturbation
from models.recipe.units import first_pdf, later_pdf

NO_LABEL: Final = -100  # torch's cross entropy leaves these out
_FRAMES_A_SECOND: Final = 100
_WINDOW: Final = 300  # frames


def labels(units: NDArray[np.int32], frames: int, offset: int) -> NDArray[np.int64]:
    """Give the pdf of every third frame from `offset` on, for `frames` frames after it.

    A unit too short to be hit by the grid still gets one frame, so that the order of units is never lost.
    """
    outputs = -(-frames // SUBSAMPLING)
    found = np.zeros(outputs, np.int64)
    starts = -((offset - units[:, 1]) // SUBSAMPLING)
    starts[0] = 0
    for index in range(1, len(starts)):
        starts[index] = max(starts[index], starts[index - 1] + 1)
    for index, start in enumerate(starts):
        if start >= outputs:
            break
        end = starts[index + 1] if index + 1 < len(starts) else outputs
        unit = int(units[index, 0])
        found[start] = first_pdf(unit)
        found[start + 1 : end] = later_pdf(unit)
    return found


@dataclass(frozen=True, slots=True)
class Source:
    """Examples of one kind, and what share of every batch they are (beside the others' shares)."""

    examples: Sequence[Example]
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class _Window:
    """The frames from `first` to before `last` of an example."""

    example: Example
    first: int
    last: int


class Batches:
    """An endless, repeatable stream of batches of about `seconds` of speech.

    `perturbed` batches are heard through random throats and lines (`perturb.py`); others serve for judging a net.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        seconds: float,
        context: int,
        mean: Mean,
        seed: int,
        *,
        perturbed: bool = True,
    ) -> None:
        self._windows = [_windows(source.examples) for source in sources]
        self._rows = _quotas(
            [source.share for source in sources], max(1, round(seconds * _FRAMES_A_SECOND / _WINDOW))
        )
        self._context = context
        self._mean = mean
        self._seed = seed
        self._perturbed = perturbed

    def stream(self, skip: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give (features, labels) from batch number `skip` on: (batch, frames, 43) and (batch, outputs)."""
        for step in itertools.count(skip):
            chosen = [
                window
                for number, rows in enumerate(self._rows)
                for window in self._chosen(number, step * rows, rows)
            ]
            yield self._batch(chosen, Random(f"{self._seed}/batch/{step}"))

    def _chosen(self, source: int, first: int, rows: int) -> Iterator[_Window]:
        """Give windows number `first` and after of a source's endless, ever newly shuffled row."""
        windows = self._windows[source]
        for place in range(first, first + rows):
            epoch, at = divmod(place, len(windows))
            yield windows[_shuffled(len(windows), f"{self._seed}/{source}/{epoch}")[at]]

    def _batch(self, windows: Sequence[_Window], rng: Random) -> tuple[Tensor, Tensor]:
        offset = rng.randrange(SUBSAMPLING)  # the decoder's grid may begin at any frame
        outputs = max(-(-(window.last - window.first) // SUBSAMPLING) for window in windows)
        length = (outputs - 1) * SUBSAMPLING + 1 + 2 * self._context
        inputs = np.empty((len(windows), length, windows[0].example.features.shape[1]), np.float32)
        targets = np.full((len(windows), outputs), NO_LABEL, np.int64)
        for row, window in enumerate(windows):
            example = window.example
            frames = example.features[offset:].astype(np.float32)
            if self._perturbed:
                frames = perturbation(rng).apply(frames)
            frames = normalise(frames, self._mean)
            first = window.first // SUBSAMPLING
            # Kaldi repeats the first and last frame beyond the ends; so does training.
            where = np.arange(length) - self._context + first * SUBSAMPLING
            inputs[row] = frames[np.clip(where, 0, len(frames) - 1)]
            found = labels(example.units, len(frames), offset)[first : -(-window.last // SUBSAMPLING)]
            targets[row, : len(found)] = found
            if self._perturbed:
                _blot(inputs[row], rng)
        return torch.from_numpy(inputs), torch.from_numpy(targets)


def _windows(examples: Sequence[Example]) -> list[_Window]:
    """Cut examples into equal windows, no longer than `_WINDOW`, that begin at a multiple of three frames."""
    found: list[_Window] = []
    for example in examples:
        frames = len(example.features)
        pieces = -(-frames // _WINDOW)
        edges = [frames * piece // pieces // SUBSAMPLING * SUBSAMPLING for piece in range(pieces)]
        found += [_Window(example, *pair) for pair in itertools.pairwise([*edges, frames])]
    return found


def _quotas(shares: Sequence[float], rows: int) -> list[int]:
    """Divide the rows of a batch among sources; each gets at least one."""
    edges = [round(rows * part / sum(shares)) for part in itertools.accumulate(shares)]
    return [max(1, high - low) for low, high in itertools.pairwise([0, *edges])]


@lru_cache(maxsize=16)
def _shuffled(number: int, seed: str) -> Sequence[int]:
    order = list(range(number))
    Random(seed).shuffle(order)
    return order


def _blot(frames: NDArray[np.float32], rng: Random) -> None:
    """Blot out a few moments of some examples, in place: normalised features have a mean of about 0."""
    if rng.random() < 0.5:
        for _ in range(rng.randint(1, 3)):
            start = rng.randrange(len(frames))
            frames[start : start + rng.randint(1, 15)] = 0.0
