from itertools import pairwise
from random import Random

import numpy as np
import pytest

from models.recipe.human.clips import RATE, HumanClip
from models.recipe.human.listening import AlignedClip
from models.recipe.human.narrator import Narrator, _Piece, hurry, join
from models.recipe.units import GARBAGE, INDEX


def _clip(name: str, seconds: float = 0.8, hertz: float = 200.0) -> AlignedClip:
    """A vowel and a consonant within silence."""
    time = np.arange(int(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * hertz * harmonic * time) / harmonic for harmonic in range(1, 12))
    samples = (2000 * np.asarray(buzz)).astype(np.float32)
    edge = RATE // 10
    samples[:edge] = samples[-edge:] = 0
    units = ((0, 0), (5, edge), (40, 2 * edge), (0, len(samples) - edge))
    return AlignedClip(HumanClip(name, "爸", ((5, 40),), samples), units, -1.0)


@pytest.fixture
def words() -> list[AlignedClip]:
    return [_clip(f"words/{number}.wav") for number in range(6)]


@pytest.mark.parametrize("seed", range(12))
def test_a_sentence_is_speech_within_silence_with_units_in_order(words: list[AlignedClip], seed: int) -> None:
    told = Narrator(words, Random(seed)).tell()
    assert np.isfinite(told.samples).all()
    assert told.units[0] == (0, 0)
    assert told.units[-1][0] == 0
    assert {unit for unit, _ in told.units} <= {0, 5, 40, INDEX[GARBAGE]}
    assert all(one <= other for (_, one), (_, other) in pairwise(told.units))
    assert told.units[-1][1] < len(told.samples)
    speech = told.samples[told.units[1][1] : told.units[-1][1]]
    assert np.sqrt(np.mean(speech**2)) > 1.5 * np.sqrt(np.mean(told.samples[: told.units[1][1]] ** 2))


def test_a_sentence_is_of_one_voice_and_voices_take_turns() -> None:
    clips = [
        *(_clip(f"one/{number}.wav", 0.7) for number in range(4)),
        *(_clip(f"two/{n}.wav", 0.7) for n in range(4)),
    ]
    chosen: list[str] = []

    class Listened(Narrator):
        def _cut(self, aligned: AlignedClip) -> _Piece:
            chosen.append(aligned.clip.pool)
            return super()._cut(aligned)

    narrator = Listened(clips, Random(1))
    pools = set()
    for _ in range(12):
        chosen.clear()
        narrator.tell()
        assert len(set(chosen)) == 1
        pools.add(chosen[0])
    assert pools == {"one", "two"}


_SYLLABLES = 12


def _sentence(name: str) -> AlignedClip:
    """Twelve syllables in three seconds; the vowels tell their place."""
    aligned = _clip(name, 3.0)
    length = len(aligned.clip.samples) // (_SYLLABLES + 2)
    spoken = [
        unit
        for place in range(_SYLLABLES)
        for unit in ((5, (place + 1) * length), (40 + place, (place + 1) * length + length // 3))
    ]
    return AlignedClip(aligned.clip, ((0, 0), *spoken, (0, (_SYLLABLES + 1) * length)), -1.0)


def test_sentences_are_told_whole_by_twos_at_most_or_in_parts() -> None:
    narrator = Narrator([_sentence(f"read/{number}.wav") for number in range(3)], Random(1))
    lengths = []
    for _ in range(30):
        vowels = [unit - 40 for unit, _ in narrator.tell().units if 40 <= unit < 40 + _SYLLABLES]
        starts = [0, *(at + 1 for at, (one, other) in enumerate(pairwise(vowels)) if other != one + 1)]
        parts = [after - before for before, after in pairwise([*starts, len(vowels)])]
        assert sum(part == _SYLLABLES for part in parts) <= 2
        lengths += parts
    assert set(lengths) - {_SYLLABLES} <= set(range(1, 2 * 8 + 1))  # two neighbours may look like one part
    assert 3 <= sum(length == _SYLLABLES for length in lengths) <= 27
    assert sum(length <= 8 for length in lengths) > 20


def _loudness(samples: np.ndarray) -> np.ndarray:
    """Of every 20 ms."""
    return np.array([np.sqrt(np.mean(piece**2)) for piece in np.array_split(samples, len(samples) // 160)])


def test_the_same_seed_tells_the_same(words: list[AlignedClip]) -> None:
    one, other = (Narrator(words, Random(5)).tell() for _ in range(2))
    assert one.units == other.units
    assert (
        np.corrcoef(_loudness(one.samples), _loudness(other.samples))[0, 1] > 0.9
    )  # WORLD's breath is drawn anew


def test_pieces_are_joined_without_a_gap_or_with_a_pause() -> None:
    piece = _Piece(np.ones(4000), [(5, 0), (40, 1000), (0, 3900)])
    for seed in range(20):
        joined = join([piece, piece, piece], Random(seed))
        assert [unit for unit, _ in joined.units if unit] == [5, 40] * 3
        assert all(one <= other for (_, one), (_, other) in pairwise(joined.units))
        assert 3 * 4000 - 2 * 400 <= len(joined.samples) <= 3 * 4000 + 2 * 0.4 * RATE
        pauses = [unit for unit, _ in joined.units[:-1]].count(0)
        assert (len(joined.samples) > 3 * 4000) <= (pauses > 0)


@pytest.mark.parametrize("alone", [True, False])
def test_vowels_of_lone_words_shrink_more_than_consonants(*, alone: bool) -> None:
    piece = _Piece(np.zeros(6000), [(5, 0), (40, 2000), (0, 5000)])
    ratios = []
    for seed in range(60):
        moments, moved = hurry(piece, 2.0, Random(seed), alone=alone)
        assert moments.tolist() == [0, 2000, 5000, 6000]
        lengths = np.diff(moved) / np.diff(moments)
        assert (lengths > 0.4).all()
        ratios.append(lengths[0] / lengths[1])
    assert np.mean(ratios) == pytest.approx(4 / 3 if alone else 1.0, rel=0.08)
