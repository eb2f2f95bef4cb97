"""Training data from people's speech: pseudo-sentences over random lines, in shards as `data.py` reads them.

The same seed tells the same sentences; WORLD draws the noise in them anew, so shards do not repeat to the last bit.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

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
    folder = aligned.parent / TOLD
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [folder / f"shard-{index:03d}.npz" for index in range(number)]
    missing = [path for path in wanted if not path.exists()]
    progress(number - len(missing), number)
    with ProcessPoolExecutor() as pool:
        jobs = [pool.submit(_make_shard, path, aligned, seconds, f"{seed}/{path.stem}") for path in missing]
        for done, job in enumerate(as_completed(jobs), start=number - len(missing) + 1):
            job.result()
            progress(done, number)


def _make_shard(path: Path, aligned: Path, seconds: float, seed: str) -> None:
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
