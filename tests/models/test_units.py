import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.units import (
    FINALS,
    GARBAGE,
    INDEX,
    INITIALS,
    PDFS,
    SILENCE,
    UNITS,
    first_pdf,
    later_pdf,
    syllable,
    syllables,
)
from models.recipe.words import most_frequent


def test_silence_and_garbage_come_first_and_units_are_all_different() -> None:
    assert UNITS[:2] == (SILENCE, GARBAGE)
    assert len(set(UNITS)) == len(UNITS) == 2 + len(INITIALS) + 5 * len(FINALS)


def test_every_unit_has_pdfs_of_its_own() -> None:
    pdfs = [(first_pdf(unit), later_pdf(unit)) for unit in range(len(UNITS))]
    assert pdfs[0] == (0, 0)
    others = [pdf for pair in pdfs[1:] for pdf in pair]
    assert len(set(others)) == len(others)
    assert max(others) == PDFS - 1
    assert min(others) == 2


@pytest.mark.parametrize(
    ("pinyin", "units"),
    [
        ("ma1", ("m", "a1")),
        ("zhuang4", ("zh", "uang4")),
        ("zhi1", ("zh", "ir1")),
        ("ri4", ("r", "ir4")),
        ("si3", ("s", "iz3")),
        ("ji2", ("j", "i2")),
        ("lv4", ("l", "v4")),
        ("ju3", ("j", "v3")),
        ("yuan2", ("van2",)),
        ("wu5", ("u5",)),
        ("you3", ("iou3",)),
        ("er4", ("er4",)),
        ("ma", ("m", "a5")),
    ],
)
def test_syllables_are_taken_apart(pinyin: str, units: tuple[str, ...]) -> None:
    found = syllable(pinyin)
    assert found is not None
    assert found.units == units


@pytest.mark.parametrize("pinyin", ["", "xyz1", "hello", "m2", "3", "bang9x"])
def test_what_is_no_syllable_is_refused(pinyin: str) -> None:
    assert syllable(pinyin) is None


@given(st.text("abcdefghijklmnopqrstuvwxyzü12345", max_size=8))
def test_any_letters_are_taken_apart_or_refused(pinyin: str) -> None:
    found = syllable(pinyin)
    if found is not None:
        assert 1 <= len(found.units) <= 2
        assert all(unit in INDEX for unit in found.units)
        assert found.pinyin[-1] in "12345"


def test_the_synthesiser_is_given_the_umlaut() -> None:
    found = syllables("旅")
    assert found is not None
    assert found[0].pinyin == "lü3"


def test_words_take_their_sound_from_the_whole_word() -> None:
    bank, walk = syllables("银行"), syllables("行走")
    assert bank is not None
    assert walk is not None
    assert bank[1].units == ("h", "ang2")
    assert walk[0].units == ("x", "ing2")


def test_sandhi_changes_what_is_spoken_but_not_the_units() -> None:
    changed = 0
    for word in most_frequent(3000):
        plain, spoken = syllables(word) or (), syllables(word, sandhi=True) or ()
        assert [one.units for one in plain] == [one.units for one in spoken]
        changed += plain != spoken
    assert changed > 20


def test_sounds_written_without_a_vowel_have_one() -> None:
    found = syllables("嗯")
    assert found is not None
    assert found[0].units[0].startswith("en")


@pytest.mark.parametrize("word", ["abc", "手机abc", "１１０", "!"])
def test_what_is_not_chinese_has_no_sound(word: str) -> None:
    assert syllables(word) is None


def test_nearly_every_frequent_word_has_a_sound() -> None:
    words = most_frequent(3000)
    silent = [word for word in words if syllables(word) is None]
    assert len(silent) <= 3, silent


def test_every_initial_and_final_is_used_by_some_word() -> None:
    used = {
        unit.rstrip("12345")
        for w in most_frequent(20_000)
        for one in syllables(w) or ()
        for unit in one.units
    }
    assert set(INITIALS) <= used
    assert len(set(FINALS) - used) <= 2
