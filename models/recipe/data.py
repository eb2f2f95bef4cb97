"""Training data: random speech over random lines, as features and alignments in shards on disk.

Every shard is made by a process of its own, since espeak-ng carries a little of one utterance into the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from models.recipe.apart import make_missing
from models.recipe.errors import StageError
from models.recipe.espeak import Espeak
from models.recipe.features import SAMPLE_RATE, SHIFT, SUBSAMPLING, WINDOW, features
from models.recipe.size import Size
from models.recipe.studio import Studio
from models.recipe.units import UNITS

_SHORTEST = 20  # frames


@dataclass(frozen=True, slots=True)
class Example:
    """Features (frames × 43, half precision) and units as (unit index, first frame)."""

    features: NDArray[np.float16]
    units: NDArray[np.int32]


def make_shards(folder: Path, size: Size, seed: int, progress: Callable[[int, int], None]) -> None:
    """Make every shard that is not there yet; `progress` is told (shards done, shards in all)."""
    Espeak()  # fetches a private copy where the host has none, once
    make_missing(folder, size.shards, partial(_make_shard, size=size), seed, progress)


def _make_shard(path: Path, seed: str, size: Size) -> None:
    rng = Random(seed)
    studio = Studio(Espeak(), rng)
    examples: list[Example] = []
    texts: list[str] = []
    samples = 0
    while samples < size.shard_seconds * SAMPLE_RATE:
        made = studio.random_example(size.spoken_at_random)
        if made is None:
            continue
        utterance, text = made
        frames = features(utterance.samples, rng)
        if len(frames) >= _SHORTEST:
            examples.append(Example(frames.astype(np.float16), to_frames(utterance.units)))
            texts.append(text)
            samples += len(utterance.samples)
    path.with_suffix(".txt").write_text("\n".join(sorted({t for t in texts if t})) + "\n", encoding="utf-8")
    write_shard(path, examples)


def write_shard(path: Path, examples: Sequence[Example]) -> None:
    """Write examples, of which there is at least one, into a file that is either whole or not there."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            features=np.concatenate([example.features for example in examples]),
            frames=np.array([len(example.features) for example in examples]),
            units=np.concatenate([example.units for example in examples]),
            counts=np.array([len(example.units) for example in examples]),
        )
    partial.replace(path)


def to_frames(units: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    """Turn first samples into first frames: the first whose middle lies in the unit."""
    rows = [(unit, max(0, -((WINDOW // 2 - sample) // SHIFT))) for unit, sample in units]
    return np.array(rows, np.int32)


def read_shard(path: Path) -> list[Example]:
    """Read a shard's examples."""
    with np.load(path) as stored:
        frames = np.split(stored["features"], np.cumsum(stored["frames"])[:-1])
        units = np.split(stored["units"], np.cumsum(stored["counts"])[:-1])
    return [Example(f, u) for f, u in zip(frames, units, strict=True)]


def mean_durations(*folders: Path) -> tuple[float, ...]:
    """Give every unit's mean duration in output frames of 30 ms over all shards; units never seen count as short.

    Raises:
        StageError: there are no shards.

    """
    total, seen = np.zeros(len(UNITS)), np.zeros(len(UNITS))
    paths = [path for folder in folders for path in sorted(folder.glob("shard-*.npz"))]
    if not paths:
        raise StageError(f"no training data in {folders[0]}: run the data stage first")
    for path in paths:
        with np.load(path) as stored:
            units, counts, frames = stored["units"], stored["counts"], stored["frames"]
        ends = np.append(units[1:, 1], 0)
        ends[np.cumsum(counts) - 1] = frames  # the last unit of an example ends with it
        np.add.at(total, units[:, 0], np.maximum(1.0, (ends - units[:, 1]) / SUBSAMPLING))
        np.add.at(seen, units[:, 0], 1)
    return tuple((total / np.maximum(seen, 1)).tolist())
