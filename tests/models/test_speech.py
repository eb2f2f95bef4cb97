from collections.abc import Callable
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from models.recipe.espeak import Espeak, Phoneme, Prosody
from models.recipe.features import SAMPLE_RATE
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.speech import Utterance, _align, _timing, pad, pronounce, speak
from models.recipe.units import GARBAGE, INDEX, SILENCE, UNITS

_SILENT, _GARBAGE = INDEX[SILENCE], INDEX[GARBAGE]


def _names(utterance: Utterance) -> list[str]:
    return [UNITS[unit] for unit, _ in utterance.units]


def test_units_come_in_the_order_of_the_text(say: Callable[..., Utterance]) -> None:
    assert _names(say("报警")) == ["SIL", "b", "ao4", "j", "ing3", "SIL"]


@pytest.mark.parametrize("voice", HELD_OUT_VOICES)
def test_units_begin_one_after_another_within_the_sound(say: Callable[..., Utterance], voice: str) -> None:
    utterance = say("我", "家", "水管", "爆裂", "了", voice=voice)
    starts = [start for _, start in utterance.units]
    assert all(one <= other for one, other in pairwise(starts[1:]))
    assert starts[0] == 0
    assert starts[-1] <= len(utterance.samples) + 1
    assert starts[-1] > SAMPLE_RATE // 2


def test_a_comma_is_silence_between_clauses(espeak: Espeak) -> None:
    clauses = pronounce([["着火", "了"], ["快", "来"]], sandhi=False)
    assert clauses is not None
    utterance = speak(espeak, clauses, "f5", Prosody())
    assert utterance is not None
    names = _names(utterance)
    assert names.count("SIL") == 3
    middle = names.index("SIL", 1)
    _, begin = utterance.units[middle]
    _, end = utterance.units[middle + 1]
    quiet, whole = utterance.samples[begin + 400 : end - 400], utterance.samples
    assert len(quiet) > 400
    assert np.abs(quiet).max() < 0.1 * np.abs(whole).max()


def test_stretching_makes_longer_and_moves_the_units_along(espeak: Espeak) -> None:
    clauses = pronounce([["报警"]], sandhi=False)
    assert clauses is not None
    plain, slow = (speak(espeak, clauses, "f5", Prosody(), stretch) for stretch in (1.0, 1.1))
    assert plain is not None
    assert slow is not None
    assert len(slow.samples) / len(plain.samples) == pytest.approx(1.1, abs=0.02)
    assert slow.units[-1][1] / plain.units[-1][1] == pytest.approx(1.1, abs=0.02)


def test_a_garbage_word_is_one_unit(say: Callable[..., Utterance]) -> None:
    assert _names(say("派出所", garbage=1.0)) == ["SIL", GARBAGE, "SIL"]


def test_some_words_are_garbage_when_asked() -> None:
    clauses = pronounce([["报警"] * 1000], sandhi=False, garbage=0.1, rng=Random(1))
    assert clauses is not None
    hidden = sum(one.garbage for one in clauses[0]) / 2
    assert 60 < hidden < 150


@pytest.mark.parametrize("clauses", [[["abc"]], [["报警", "x"]], [], [[]]])
def test_what_cannot_be_spoken_is_refused(clauses: list[list[str]]) -> None:
    assert pronounce(clauses, sandhi=False) is None


def _spoken(word: str) -> list[object]:
    clauses = pronounce([[word]], sandhi=False)
    assert clauses is not None
    return list(clauses[0])


def test_phonemes_that_do_not_match_the_syllables_are_refused() -> None:
    two = pronounce([["报警"]], sandhi=False)
    assert two is not None
    one_syllable = [Phoneme("b", 10), Phoneme("au", 20), Phoneme("_|", 30)]
    assert _align(two[0], _timing(one_syllable)) is None
    no_final = [Phoneme("b", 10), Phoneme("_|", 30), Phoneme("dZ", 40), Phoneme("i", 50), Phoneme("_|", 60)]
    assert _align(two[0], _timing(no_final)) is None


def test_a_pause_becomes_silence_and_ends_the_unit_before() -> None:
    two = pronounce([["报警"]], sandhi=False)
    assert two is not None
    events = [("b", 10), ("au", 20), ("_|", 30), ("_:", 30), ("dZ", 90), ("i", 95), ("_|", 120)]
    units = _align(two[0], _timing([Phoneme(name, sample) for name, sample in events]))
    assert units is not None
    assert [(UNITS[unit], sample) for unit, sample in units] == [
        ("SIL", 0),
        ("b", 10),
        ("ao4", 20),
        ("SIL", 30),
        ("j", 90),
        ("ing3", 95),
        ("SIL", 120),
    ]


def test_without_a_pause_a_syllable_begins_where_the_last_ended() -> None:
    two = pronounce([["报警"]], sandhi=False)
    assert two is not None
    events = [("b", 10), ("au", 20), ("_|", 30), ("dZ", 40), ("i", 50), ("_|", 60)]
    units = _align(two[0], _timing([Phoneme(name, sample) for name, sample in events]))
    assert units is not None
    assert units[3] == (INDEX["j"], 30)


def test_padding_moves_all_but_the_first_silence() -> None:
    utterance = Utterance(np.ones(10), ((0, 0), (5, 3), (0, 9)))
    padded = pad(utterance, 4, 2)
    assert padded.units == ((0, 0), (5, 7), (0, 13))
    assert padded.samples.tolist() == [0] * 4 + [1] * 10 + [0] * 2
