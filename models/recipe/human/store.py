"""Aligned clips on disk, so that several processes can tell pseudo-sentences from them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.recipe.human.clips import HumanClip
from models.recipe.human.listening import AlignedClip


def save(path: Path, clips: Sequence[AlignedClip]) -> None:
    """Write clips with their alignments; the sound as 16-bit numbers."""
    samples = [np.clip(np.rint(one.clip.samples), -32768, 32767).astype(np.int16) for one in clips]
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            names=np.array([one.clip.name for one in clips]),
            texts=np.array([one.clip.text for one in clips]),
            scores=np.array([one.score for one in clips]),
            samples=np.concatenate(samples),
            lengths=np.array([len(sound) for sound in samples]),
            units=np.concatenate([np.array(one.units, np.int32) for one in clips]),
            counts=np.array([len(one.units) for one in clips]),
        )
    partial.replace(path)


def load(path: Path) -> list[AlignedClip]:
    """Read what `save` wrote; the words' boundaries are not kept."""
    with np.load(path) as stored:
        sounds = np.split(stored["samples"], np.cumsum(stored["lengths"])[:-1])
        units = np.split(stored["units"], np.cumsum(stored["counts"])[:-1])
        names, texts, scores = stored["names"], stored["texts"], stored["scores"]
    found: list[AlignedClip] = []
    for name, text, score, sound, marks in zip(names, texts, scores, sounds, units, strict=True):
        clip = HumanClip(str(name), str(text), (), sound.astype(np.float32))
        pairs = tuple((int(unit), int(at)) for unit, at in marks)
        found.append(AlignedClip(clip, pairs, float(score)))
    return found
