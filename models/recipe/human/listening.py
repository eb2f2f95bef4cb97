"""What a trained net makes of clips: log likelihoods, and with them the alignments."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
import torch
from numpy.typing import NDArray

from models.recipe.cmn import normalise
from models.recipe.export import priors
from models.recipe.features import SAMPLE_RATE, SHIFT, SUBSAMPLING, WINDOW, features
from models.recipe.human.align import align, heed_loudness
from models.recipe.human.clips import RATE, HumanClip
from models.recipe.trained import TrainedNet

_TOGETHER: Final = 64  # clips a batch
_WORST: Final = 0.02  # share of the clips left out, those that fit their text worst

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AlignedClip:
    """A clip, and its units as (unit index, first sample at RATE), silence included."""

    clip: HumanClip
    units: tuple[tuple[int, int], ...]
    score: float


def heard(clip: HumanClip) -> NDArray[np.float32]:
    """Give the features of a clip as a telephone line without faults would carry it."""
    return features(soxr.resample(clip.samples.astype(np.float64), RATE, SAMPLE_RATE))


def align_clips(
    net: TrainedNet,
    clips: Sequence[HumanClip],
    frames: Sequence[NDArray[np.float32]],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[AlignedClip]:
    """Align clips, whose features are `frames`; those that fit their text worst are left out."""
    found: list[AlignedClip] = []
    for done, (index, judged) in enumerate(_likelihoods(net, frames), start=1):
        clip = clips[index]
        alignment = align(heed_loudness(judged, _loudness(clip, len(judged))), clip.words)
        if alignment is not None:
            units = tuple((unit, _sample(frame)) for unit, frame in alignment.units)
            found.append(AlignedClip(clip, units, alignment.score))
        if done % _TOGETHER == 0 or done == len(clips):
            progress(done, len(clips))
    worst = np.quantile([one.score for one in found], _WORST) if found else 0.0
    kept = [one for one in found if one.score >= worst]
    return sorted(kept, key=lambda one: one.clip.name)


def _likelihoods(net: TrainedNet, frames: Sequence[NDArray[np.float32]]) -> Iterator[tuple[int, Array]]:
    """Give (index, log likelihoods) of every clip, clips of like length together."""
    order = sorted(range(len(frames)), key=lambda index: len(frames[index]))
    context = net.net.context
    prior = np.log(priors(net.counts))
    for at in range(0, len(order), _TOGETHER):
        batch = order[at : at + _TOGETHER]
        outputs = -(-max(len(frames[index]) for index in batch) // SUBSAMPLING)
        length = (outputs - 1) * SUBSAMPLING + 1 + 2 * context
        inputs = np.empty((len(batch), length, frames[0].shape[1]), np.float32)
        for row, index in enumerate(batch):
            normal = normalise(frames[index], net.mean)
            inputs[row] = normal[np.clip(np.arange(length) - context, 0, len(normal) - 1)]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            judged = torch.log_softmax(net.net(torch.from_numpy(inputs)), dim=2).numpy()
        for row, index in enumerate(batch):
            yield index, judged[row, : -(-len(frames[index]) // SUBSAMPLING)].astype(np.float64) - prior


def _loudness(clip: HumanClip, outputs: int) -> Array:
    """Give the loudness in dB around every output frame."""
    middle = (np.arange(outputs) * SUBSAMPLING * SHIFT + WINDOW // 2) * RATE // SAMPLE_RATE
    reach = WINDOW * RATE // SAMPLE_RATE
    sums = np.concatenate([[0.0], np.cumsum(clip.samples.astype(np.float64) ** 2)])
    low, high = np.clip(middle - reach, 0, len(sums) - 1), np.clip(middle + reach, 0, len(sums) - 1)
    decibels: Array = 10 * np.log10((sums[high] - sums[low]) / (2 * reach) + 1)
    return decibels


def _sample(frame: int) -> int:
    """Give the first sample (at RATE) of an output frame: half way between it and the one before."""
    at = (SUBSAMPLING * frame - 1) * SHIFT + WINDOW // 2 - SHIFT // 2
    return 0 if frame == 0 else at * RATE // SAMPLE_RATE
