from models.recipe.lexicon import UNKNOWN, pronunciations
from models.recipe.units import GARBAGE, INDEX, UNITS


def _sounds(word: str) -> list[str]:
    return [" ".join(UNITS[unit] for unit in spoken) for spoken in pronunciations([word])[word]]


def test_the_unknown_word_sounds_like_garbage() -> None:
    assert pronunciations([]) == {UNKNOWN: ((INDEX[GARBAGE],),)}


def test_a_word_has_the_units_of_its_syllables() -> None:
    assert _sounds("报警") == ["b ao4 j ing3"]


def test_some_characters_have_a_second_sound_alone() -> None:
    assert set(_sounds("还")) == {"h ai2", "h uan2"}
    assert len(_sounds("一")) == 3


def test_a_second_sound_that_is_the_first_is_not_repeated() -> None:
    for word in "了地得着还都重行长谁那这血差一不":
        sounds = _sounds(word)
        assert len(sounds) == len(set(sounds))
        assert len(sounds) >= 2


def test_a_word_keeps_one_sound_inside_longer_words() -> None:
    assert _sounds("还有") == ["h ai2 iou3"]


def test_words_without_a_sound_are_left_out() -> None:
    assert set(pronunciations(["报警", "abc", "ＡＢ"])) == {UNKNOWN, "报警"}


def test_words_come_in_a_fixed_order() -> None:
    assert list(pronunciations(["着火", "报警", "着火"])) == list(pronunciations(["报警", "着火"]))
