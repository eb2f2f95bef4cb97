"""Training data from people's speech: pseudo-sentences over random lines, in shards as `data.py` reads them.

The same seed tells the same sentences; WORLD judges the breath in them a little otherwise from run to run, so shards do
not repeat to the last bit.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from models.recipe.apart import make_missing
from models.recipe.channel import Line
from models.recipe.data import Example, to_frames, write_shard
from models.recipe.features import SAMPLE_RATE, features
from models.recipe.human.clips import RATE
from models.recipe.human.listening import AlignedClip, heard
from models.recipe.human.narrator import Narrator
from models.recipe.human.store import load

TOLD: Final = "told"


def make_shards(
    aligned: Path, number: int, seconds: float, seed: int, progress: Callable[[int, int], None]
) -> None:
    """Make `number` shards of `seconds` of speech from stored clips, in `told/` beside them, on all cores.

    Shards that are there already are kept.
    """
    make = partial(_make_shard, aligned=aligned, seconds=seconds)
    make_missing(aligned.parent / TOLD, number, make, seed, progress)


def _make_shard(path: Path, seed: str, aligned: Path, seconds: float) -> None:
    rng = Random(seed)
    narrator, line = Narrator(load(aligned), rng), Line(rng)
    examples: list[Example] = []
    samples = 0
    while samples < seconds * SAMPLE_RATE:
        told = narrator.tell()
        if not np.isfinite(told.samples).all():  # WORLD fails on a few sounds
            continue
        frames = features(line.carry(told.samples, rng.choice((0.3, 1.0))), rng)
        examples.append(Example(frames.astype(np.float16), to_frames(told.units)))
        samples += len(told.samples)
    write_shard(path, examples)


def plain(clips: Sequence[AlignedClip]) -> list[Example]:
    """Give clips as they were recorded, to learn from or to judge a net by."""
    return [
        Example(
            heard(one.clip).astype(np.float16),
            to_frames([(unit, at * SAMPLE_RATE // RATE) for unit, at in one.units]),
        )
        for one in clips
    ]
