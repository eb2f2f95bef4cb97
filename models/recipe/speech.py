"""Spoken text with exact alignment: which unit begins at which sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import soxr
from numpy.typing import NDArray

from models.recipe.channel import SAMPLE_RATE
from models.recipe.espeak import Espeak, Phoneme, Prosody
from models.recipe.units import GARBAGE, INDEX, SILENCE, Syllable, syllables

_SYLLABLE_END = "_|"


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech at 8 kHz (floats in 16-bit scale) and its units as (unit index, first sample), silence included."""

    samples: NDArray[np.float64]
    units: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A syllable to speak, and whether its word is to be learned as garbage instead of as itself."""

    syllable: Syllable
    garbage: bool = False


def pronounce(
    clauses: Sequence[Sequence[str]], *, sandhi: bool, garbage: float = 0.0, rng: Random | None = None
) -> tuple[tuple[Spoken, ...], ...] | None:
    """Turn clauses of words into clauses of syllables; None when a word has no pronunciation.

    `garbage` is the share of words that are labelled as the garbage unit (needs `rng`).
    """
    spoken: list[tuple[Spoken, ...]] = []
    for clause in clauses:
        line: list[Spoken] = []
        for word in clause:
            found = syllables(word, sandhi=sandhi)
            if found is None:
                return None
            hidden = rng is not None and rng.random() < garbage
            line.extend(Spoken(one, hidden) for one in found)
        if line:
            spoken.append(tuple(line))
    return tuple(spoken) or None


def speak(
    espeak: Espeak,
    clauses: Sequence[Sequence[Spoken]],
    variant: str,
    prosody: Prosody,
    stretch: float = 1.0,
) -> Utterance | None:
    """Speak clauses; None when the synthesiser's phonemes do not match the syllables (rare).

    `stretch` above 1 plays slower and lower, which moves the formants as another speaker's throat would.
    """
    text = ", ".join(" ".join(one.syllable.pinyin for one in clause) for clause in clauses)
    samples, phonemes = espeak.speak(text, variant, prosody)
    units = _align([one for clause in clauses for one in clause], phonemes)
    if units is None:
        return None
    ratio = SAMPLE_RATE * stretch / espeak.sample_rate
    resampled = soxr.resample(samples.astype(np.float64), espeak.sample_rate, SAMPLE_RATE * stretch)
    return Utterance(resampled, tuple((unit, int(sample * ratio)) for unit, sample in units))


def _align(spoken: Sequence[Spoken], phonemes: Sequence[Phoneme]) -> list[tuple[int, int]] | None:
    """Give every unit its first sample: phoneme events come in syllables, each closed by "_|"."""
    groups: list[list[int]] = []
    ends: list[int] = []
    pauses: list[int] = []
    current: list[int] = []
    for phoneme in phonemes:
        if not phoneme.name.startswith("_"):
            current.append(phoneme.sample)
            continue
        if current:
            groups.append(current)
            current = []
        if phoneme.name == _SYLLABLE_END:
            ends.append(phoneme.sample)
        else:
            pauses.append(phoneme.sample)
    if current or len(groups) != len(spoken) or len(ends) != len(spoken):
        return None
    silence = INDEX[SILENCE]
    units = [(silence, 0)]
    for index, (one, starts) in enumerate(zip(spoken, groups, strict=True)):
        begin = starts[0]
        if index:
            before = ends[index - 1]
            if any(before <= pause <= begin for pause in pauses):
                units.append((silence, before))
            else:
                begin = before
        names = one.syllable.units
        if len(names) > len(starts):
            return None
        for name, sample in zip(names, [begin, *starts[1:]], strict=False):
            unit = INDEX[GARBAGE if one.garbage else name]
            if not (one.garbage and units[-1][0] == unit):  # a garbage word is one unit, however long
                units.append((unit, sample))
    return [*units, (silence, ends[-1])]


def pad(utterance: Utterance, before: int, after: int) -> Utterance:
    """Put silent samples before and after."""
    samples = np.concatenate([np.zeros(before), utterance.samples, np.zeros(after)])
    first, *rest = utterance.units
    return Utterance(samples, (first, *((unit, sample + before) for unit, sample in rest)))
