"""What a net learns from: synthetic and human speech, and in which shares."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.recipe.batches import Source
from models.recipe.data import Example, read_shard
from models.recipe.errors import StageError
from models.recipe.human.shards import TOLD
from models.recipe.human.stage import HELD_OUT, PLAIN

_SYNTHETIC: Final = 0.25  # beside human speech
_TOLD, _PLAIN = 0.6, 0.15
_SHORTEST: Final = 20  # frames


def synthetic(folder: Path, number: int) -> list[Example]:
    """Read the first shards of synthetic speech.

    Raises:
        StageError: there are none.

    """
    found = _shards(folder)[:number]
    if not found:
        raise StageError(f"no training data in {folder}: run the data stage first")
    return _long_enough(found)


def mixture(own: Sequence[Example], human: Sequence[Path]) -> list[Source]:
    """Mix synthetic speech with the prepared corpora in the folders `human`, these in equal parts."""
    if not human:
        return [Source(own)]
    sources = [Source(own, _SYNTHETIC)]
    for folder in human:
        for kind, share in ((TOLD, _TOLD), (PLAIN, _PLAIN)):
            if examples := _long_enough(_shards(folder / kind)):
                sources.append(Source(examples, share / len(human)))
    return sources


def trial(human: Sequence[Path]) -> Source | None:
    """Give what was held out of the prepared corpora, to try a net on; None when nothing was."""
    found = _long_enough([path for folder in human for path in _shards(folder / HELD_OUT)])
    return Source(found) if found else None


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("shard-*.npz"))


def _long_enough(shards: Sequence[Path]) -> list[Example]:
    return [example for path in shards for example in read_shard(path) if len(example.features) >= _SHORTEST]
