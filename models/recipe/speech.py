"""Spoken text with exact alignment: which unit begins at which sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import soxr
from numpy.typing import NDArray

from models.recipe.espeak import Espeak, Phoneme, Prosody
from models.recipe.features import SAMPLE_RATE
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
    units = _align([one for clause in clauses for one in clause], _timing(phonemes))
    if units is None:
        return None
    ratio = SAMPLE_RATE * stretch / espeak.sample_rate
    resampled = soxr.resample(samples.astype(np.float64), espeak.sample_rate, SAMPLE_RATE * stretch)
    return Utterance(resampled, tuple((unit, int(sample * ratio)) for unit, sample in units))


@dataclass(frozen=True, slots=True)
class _Timing:
    """Where the phonemes of every syllable begin, where the syllables end, and where there are pauses (samples)."""

    starts: tuple[tuple[int, ...], ...]
    ends: tuple[int, ...]
    pauses: tuple[int, ...]


def _timing(phonemes: Sequence[Phoneme]) -> _Timing:
    """Sort phoneme events: each syllable's are closed by "_|"; other names with "_" are pauses."""
    starts: list[tuple[int, ...]] = []
    current: list[int] = []
    for phoneme in phonemes:
        if not phoneme.name.startswith("_"):
            current.append(phoneme.sample)
        elif current:
            starts.append(tuple(current))
            current = []
    ends = tuple(phoneme.sample for phoneme in phonemes if phoneme.name == _SYLLABLE_END)
    pauses = (
        phoneme for phoneme in phonemes if phoneme.name.startswith("_") and phoneme.name != _SYLLABLE_END
    )
    return _Timing(tuple(starts), ends, tuple(phoneme.sample for phoneme in pauses))


def _align(spoken: Sequence[Spoken], timing: _Timing) -> list[tuple[int, int]] | None:
    """Give every unit its first sample; None when the phonemes do not match the syllables."""
    if len(timing.starts) != len(spoken) or len(timing.ends) != len(spoken):
        return None
    silence = INDEX[SILENCE]
    units = [(silence, 0)]
    before = timing.starts[0][0] if spoken else 0
    for one, starts, end in zip(spoken, timing.starts, timing.ends, strict=True):
        if before < starts[0] and any(before <= pause <= starts[0] for pause in timing.pauses):
            units.append((silence, before))
            before = starts[0]
        names = one.syllable.units
        if len(names) > len(starts):
            return None
        for name, sample in zip(names, (before, *starts[1:]), strict=False):
            unit = INDEX[GARBAGE if one.garbage else name]
            if not (one.garbage and units[-1][0] == unit):  # a garbage word is one unit, however long
                units.append((unit, sample))
        before = end
    return [*units, (silence, before)]


def pad(utterance: Utterance, before: int, after: int) -> Utterance:
    """Put silent samples before and after."""
    samples = np.concatenate([np.zeros(before), utterance.samples, np.zeros(after)])
    first, *rest = utterance.units
    return Utterance(samples, (first, *((unit, sample + before) for unit, sample in rest)))
