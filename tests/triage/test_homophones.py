from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.heard import homophones
from triage.sounds import SoundTable, confusion_class

HEARD = SoundTable()


@pytest.mark.parametrize("word", ["水管", "火", "四十", "电梯", "邻居"])
def test_likenesses_sound_alike(word: str) -> None:
    alike = homophones().of(word)
    classes = [confusion_class(syllable) for syllable in HEARD.heard(word)]
    assert alike
    assert word not in alike
    for other in alike:
        assert [confusion_class(syllable) for syllable in HEARD.heard(other)] == classes


def test_the_same_syllables_come_before_confused_ones() -> None:
    alike = homophones().of("四")
    exact = [HEARD.heard(other) == HEARD.heard("四") for other in alike]
    assert exact == sorted(exact, reverse=True)
    assert set(exact) == {True, False}


@pytest.mark.parametrize("foreign", ["a", "110", "k粉", "，", ""])
def test_foreign_letters_sound_like_nothing(foreign: str) -> None:
    assert homophones().of(foreign) == ()


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec=None), max_size=30) | st.text("我家水管爆了，110 a", max_size=30))
def test_words_joined_are_the_text(text: str) -> None:
    assert "".join(homophones().words(text)) == text
