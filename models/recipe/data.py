"""Training data: random speech over random lines, as features and alignments in shards on disk.

Every shard has a random stream of its own (from the seed and its number), so shards can be made in any order, again,
or after an interruption, and come out the same.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from models.recipe.channel import SAMPLE_RATE, Line
from models.recipe.espeak import Espeak, Prosody
from models.recipe.features import SHIFT, WINDOW, features
from models.recipe.heldout import TRAINING_VOICES
from models.recipe.sentences import Sentences
from models.recipe.size import Size
from models.recipe.speech import Utterance, pad, pronounce, speak
from models.recipe.words import RandomWords, cut

_IDLE_SHARE = 0.04  # pieces without any speech
_GARBAGE_SHARE = 0.03  # words of the word salad learned as garbage
_SHORTEST = 20  # frames


@dataclass(frozen=True, slots=True)
class Example:
    """Features (frames × 43, half precision) and units as (unit index, first frame)."""

    features: NDArray[np.float16]
    units: NDArray[np.int32]


class Studio:
    """Makes random utterances; one seed, one stream of them."""

    def __init__(self, espeak: Espeak, rng: Random) -> None:
        self._espeak = espeak
        self._rng = rng
        self._sentences = Sentences(rng)
        self._salad = RandomWords(rng)
        self.line = Line(rng)

    def read(
        self, clauses: Sequence[Sequence[str]], voice: str, level: float = 1.0, garbage: float = 0.0
    ) -> Utterance | None:
        """Read clauses of words over a random line; None when they cannot be spoken."""
        rng = self._rng
        spoken = pronounce(clauses, sandhi=rng.random() < 0.5, garbage=garbage, rng=rng)
        if spoken is None:
            return None
        prosody = Prosody(rng.randint(120, 270), rng.randint(20, 85), rng.randint(20, 90))
        stretch = rng.uniform(0.92, 1.1) if rng.random() < 0.7 else 1.0
        utterance = speak(self._espeak, spoken, voice, prosody, stretch)
        if utterance is None:
            return None
        before, after = int(rng.uniform(0.05, 1) * SAMPLE_RATE), int(rng.uniform(0.2, 1) * SAMPLE_RATE)
        padded = pad(utterance, before, after)
        return Utterance(self.line.carry(padded.samples, level), padded.units)

    def random_example(self, spoken_at_random: float) -> tuple[Utterance, str] | None:
        """Make one piece of training speech, or of an idle line, with its text."""
        rng = self._rng
        if rng.random() < _IDLE_SHARE:
            return Utterance(self.line.idle(rng.uniform(1, 6)), ((0, 0),)), ""
        voice = rng.choice(TRAINING_VOICES)
        if rng.random() < spoken_at_random:
            salad = self._salad.write()
            utterance = self.read(salad, voice, garbage=_GARBAGE_SHARE)
            return None if utterance is None else (utterance, "")
        sentence = self._sentences.write()
        utterance = self.read([cut(clause) for clause in sentence], voice)
        return None if utterance is None else (utterance, "，".join(sentence))


def make_shards(folder: Path, size: Size, seed: int, progress: Callable[[int, int], None]) -> None:
    """Make every shard that is not there yet; `progress` is told (shards done, shards in all)."""
    folder.mkdir(parents=True, exist_ok=True)
    espeak = Espeak()
    for number in range(size.shards):
        progress(number, size.shards)
        path = folder / f"shard-{number:03d}.npz"
        if not path.exists():
            _make_shard(path, espeak, size, Random(f"{seed}/shard/{number}"))  # noqa: S311
    progress(size.shards, size.shards)


def _make_shard(path: Path, espeak: Espeak, size: Size, rng: Random) -> None:
    studio = Studio(espeak, rng)
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
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            features=np.concatenate([example.features for example in examples]),
            frames=np.array([len(example.features) for example in examples]),
            units=np.concatenate([example.units for example in examples]),
            counts=np.array([len(example.units) for example in examples]),
        )
    os.replace(partial, path)


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
