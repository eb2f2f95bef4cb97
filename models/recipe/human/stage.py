"""From corpora of recordings to training data: read, align, tell pseudo-sentences."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from models.recipe.data import read_shard, write_shard
from models.recipe.errors import RecordingError
from models.recipe.human import held_out, store
from models.recipe.human.clips import HumanClip, clips
from models.recipe.human.listening import align_clips, heard
from models.recipe.human.shards import make_shards, plain
from models.recipe.recording import Recording
from models.recipe.size import Size
from models.recipe.trained import TrainedNet

Say = Callable[[int, int, str], None]

_ALIGNED: Final = "aligned.npz"
_TEXTS: Final = "texts.json"
PLAIN: Final = "plain"
HELD_OUT: Final = "held-out"
_RECORDINGS: Final = "recordings.npz"
_MOST_HELD_OUT: Final = 100  # sentences


def folder_of(work: Path, corpus: Path) -> Path:
    """Where a corpus' data lies in the work folder."""
    return work / "human" / re.sub(r"\W+", "-", corpus.name.removesuffix(".tar"))


def prepare(folder: Path, corpus: Path, net: TrainedNet, size: Size, seed: int, *, say: Say) -> None:
    """Make a corpus' data in `folder`: its clips as they are (`plain/`) and pseudo-sentences (`told/`).

    Some sentences are held out (`held-out/`) of a corpus that has enough. What is there already is not made again.
    Recordings whose text has no known sounds are left out, and said to be.

    Raises:
        RecordingError: the corpus or a recording cannot be used, or nothing of it can be.

    """
    if not (folder / _ALIGNED).exists():
        unspeakable: list[str] = []
        found = list(clips(corpus, unspeakable))
        if unspeakable:
            say(0, len(found), f"{len(unspeakable)} left out, no known sounds: {unspeakable[0]} …")
        kept, listened_to = held_out.part(found, seed, _MOST_HELD_OUT)
        _hold_out(folder, listened_to, net, corpus.name, say)
        align_to(folder, kept, net, str(corpus), say)
    make_shards(
        folder / _ALIGNED,
        size.human_shards,
        size.shard_seconds,
        seed,
        lambda done, total: say(done, total, f"pieces of pseudo-sentences from {corpus.name}"),
    )


def _hold_out(folder: Path, found: Sequence[HumanClip], net: TrainedNet, name: str, say: Say) -> None:
    """Leave recordings to be listened to, and their frames to try a net on."""
    recordings = [held_out.recording(clip, f"people, held out of {name}, A-law") for clip in found]
    held_out.save(folder / _RECORDINGS, recordings)
    aligned = align_clips(net, found, [heard(clip) for clip in found])
    if aligned:
        (folder / HELD_OUT).mkdir(exist_ok=True)
        write_shard(folder / HELD_OUT / "shard-000.npz", plain(aligned))
    say(len(found), len(found), f"held out of {name}")


def recordings(folder: Path) -> list[Recording]:
    """Give the recordings of a prepared corpus that were held out."""
    return held_out.load(folder / _RECORDINGS)


def align_to(folder: Path, found: Sequence[HumanClip], net: TrainedNet, name: str, say: Say) -> None:
    """Align clips and leave them, their texts and their features in `folder`.

    Raises:
        RecordingError: not one clip can be aligned.

    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = []
    for done, clip in enumerate(found, start=1):
        frames.append(heard(clip))
        say(done, len(found), f"recordings of {name} read")
    aligned = align_clips(net, found, frames, lambda done, total: say(done, total, f"aligned of {name}"))
    if not aligned:
        raise RecordingError(f"{name}: 没有一段录音能和文字对上（no recording fits its text）。")
    (folder / PLAIN).mkdir(exist_ok=True)
    write_shard(folder / PLAIN / "shard-000.npz", plain(aligned))
    texts = json.dumps([one.clip.text for one in aligned], ensure_ascii=False)
    (folder / _TEXTS).write_text(texts + "\n", encoding="utf-8")
    store.save(folder / _ALIGNED, aligned)


def texts(folder: Path) -> list[str]:
    """What is said in a prepared corpus."""
    found: list[str] = json.loads((folder / _TEXTS).read_text(encoding="utf-8"))
    return found


def minutes(folder: Path) -> float:
    """How long a prepared corpus is."""
    return sum(len(example.features) for example in read_shard(folder / PLAIN / "shard-000.npz")) / 6000
