from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.spoken_text import fold

ANY_TEXT = st.text(st.characters(codec=None), max_size=80)


def test_punctuation_and_spaces_are_left_out() -> None:
    spoken = fold("喂，有 人！抢劫…")
    assert spoken.letters == "喂有人抢劫"
    assert spoken.places == (0, 2, 4, 6, 7)


def test_full_width_and_upper_case_are_folded() -> None:
    assert fold("ＡＴＭ ａｔｍ AtM １１９").letters == "atmatmatm119"


def test_a_character_that_would_grow_stays_one() -> None:
    assert fold("ﬁß㎡").letters.startswith("ﬁß")
    assert len(fold("ﬁ").letters) == 1


def test_span_covers_what_was_said_between() -> None:
    spoken = fold("抢，劫了")
    assert spoken.span(0, 2) == (0, 3)
    assert spoken.original[0:3] == "抢，劫"


def test_joined_allows_white_space_but_no_pause() -> None:
    assert fold("不是 抢劫").joined(0, 4)
    assert fold("不是抢劫").joined(0, 4)
    assert not fold("不是，抢劫").joined(0, 4)
    assert fold("啊，不是 抢劫！").joined(1, 5)


def test_pauses_are_where_punctuation_stood() -> None:
    assert fold("喂，有 人！！抢劫…").pauses() == {1, 3}
    assert fold("有人抢劫").pauses() == frozenset()


def test_nothing_to_fold() -> None:
    assert fold("").letters == ""
    assert fold("……！？\n\t").letters == ""


@given(ANY_TEXT)
def test_every_letter_has_its_place(text: str) -> None:
    spoken = fold(text)
    assert len(spoken.letters) == len(spoken.places)
    assert list(spoken.places) == sorted(set(spoken.places))
    for letter, place in zip(spoken.letters, spoken.places, strict=True):
        assert fold(text[place]).letters == letter


@given(ANY_TEXT)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text).letters
    assert fold(once).letters == once
