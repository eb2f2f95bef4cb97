"""Recordings held out: a net never learns from them, it only has to hear them, over an A-law line."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import soxr

from asr.g711 import alaw_decode, alaw_encode
from models.recipe.features import SAMPLE_RATE
from models.recipe.human.clips import RATE, HumanClip
from models.recipe.recording import Recording
from models.recipe.words import is_chinese

SHARE: Final = 0.1
"""Of a corpus' sentences."""
FEWEST: Final = 10
"""Sentences; with fewer there is nothing to hold out."""


def part(
    found: Sequence[HumanClip], seed: int, most: int | None = None
) -> tuple[list[HumanClip], list[HumanClip]]:
    """Part recordings into those to learn from and those held out; no sentence is in both, whatever its signs.

    At most `most` sentences are held out. Syllables in pinyin never are: nobody says them to a telephone.
    """
    sentences = sorted({_plain(clip.text) for clip in found} - {""})
    if len(sentences) < FEWEST:
        return list(found), []
    Random(seed).shuffle(sentences)
    number = round(SHARE * len(sentences))
    out = set(sentences[: number if most is None else min(most, number)])
    kept = [clip for clip in found if _plain(clip.text) not in out]
    return kept, [clip for clip in found if _plain(clip.text) in out]


def recording(clip: HumanClip, set_name: str) -> Recording:
    """Give a clip as an A-law line carries it."""
    narrow = soxr.resample(clip.samples.astype(np.float64), RATE, SAMPLE_RATE)
    samples = np.clip(np.rint(narrow), -32768, 32767).astype(np.int16)
    return Recording(set_name, _plain(clip.text), alaw_decode(alaw_encode(samples)).astype("<i2").tobytes())


def save(path: Path, recordings: Sequence[Recording]) -> None:
    """Write recordings of one set."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        names=np.array([one.set_name for one in recordings], np.str_),
        texts=np.array([one.text for one in recordings], np.str_),
        samples=np.frombuffer(b"".join(one.pcm for one in recordings), "<i2"),
        lengths=np.array([len(one.pcm) // 2 for one in recordings], np.int64),
    )


def load(path: Path) -> list[Recording]:
    """Read what `save` wrote."""
    with np.load(path) as stored:
        sounds = (
            np.split(stored["samples"], np.cumsum(stored["lengths"])[:-1]) if len(stored["lengths"]) else []
        )
        return [
            Recording(str(name), str(text), sound.tobytes())
            for name, text, sound in zip(stored["names"], stored["texts"], sounds, strict=True)
        ]


def _plain(text: str) -> str:
    return "".join(character for character in text if is_chinese(character))
