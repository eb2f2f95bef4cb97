"""Batches of training examples of like length, with labels for every third frame."""

import itertools
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.recipe.data import Example
from models.recipe.features import SUBSAMPLING
from models.recipe.units import first_pdf, later_pdf

NO_LABEL = -100  # torch's cross entropy leaves these out
_FRAMES_A_SECOND = 100
_LIKE = 50  # frames; examples whose lengths differ by less may share a batch


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


class Batches:
    """An endless, repeatable stream of batches of about `seconds` of speech."""

    def __init__(self, examples: Sequence[Example], seconds: float, context: int, seed: int) -> None:
        self._examples = examples
        self._frames = int(seconds * _FRAMES_A_SECOND)
        self._context = context
        self._seed = seed

    def stream(self, skip: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Give (features, labels) from batch number `skip` on: (batch, frames, 43) and (batch, outputs)."""
        plans = itertools.chain.from_iterable(self._plan(epoch) for epoch in itertools.count())
        for step, plan in enumerate(plans):
            if step >= skip:
                yield self._batch(
                    [self._examples[index] for index in plan], Random(f"{self._seed}/batch/{step}")
                )

    def _plan(self, epoch: int) -> list[list[int]]:
        """Group all examples by length into batches, in random order."""
        rng = Random(f"{self._seed}/epoch/{epoch}")
        order = list(range(len(self._examples)))
        rng.shuffle(order)
        order.sort(key=lambda index: len(self._examples[index].features) // _LIKE)
        batches: list[list[int]] = []
        batch: list[int] = []
        longest = 0
        for index in order:
            length = len(self._examples[index].features)
            if batch and max(longest, length) * (len(batch) + 1) > self._frames:
                batches.append(batch)
                batch, longest = [], 0
            batch.append(index)
            longest = max(longest, length)
        batches.append(batch)
        rng.shuffle(batches)
        return batches

    def _batch(self, examples: Sequence[Example], rng: Random) -> tuple[Tensor, Tensor]:
        offset = rng.randrange(SUBSAMPLING)  # the decoder's grid may begin at any frame
        longest = max(len(example.features) for example in examples) - offset
        outputs = -(-longest // SUBSAMPLING)
        length = (outputs - 1) * SUBSAMPLING + 1 + 2 * self._context
        inputs = np.empty((len(examples), length, examples[0].features.shape[1]), np.float32)
        targets = np.full((len(examples), outputs), NO_LABEL, np.int64)
        for row, example in enumerate(examples):
            frames = example.features[offset:]
            # Kaldi repeats the first and last frame beyond the ends; so does training.
            where = np.clip(np.arange(length) - self._context, 0, len(frames) - 1)
            inputs[row] = frames[where]
            found = labels(example.units, len(frames), offset)
            targets[row, : len(found)] = found
            _disturb(inputs[row], rng)
        return torch.from_numpy(inputs), torch.from_numpy(targets)


def _disturb(frames: NDArray[np.float32], rng: Random) -> None:
    """Change the loudness of some examples and blot out a few moments of others, in place."""
    if rng.random() < 0.5:
        frames[:, 0] += rng.uniform(-8, 8)  # the first cepstrum is the loudness
    if rng.random() < 0.4:
        mean = frames.mean(axis=0)
        for _ in range(rng.randint(1, 3)):
            start = rng.randrange(len(frames))
            frames[start : start + rng.randint(1, 12)] = mean
