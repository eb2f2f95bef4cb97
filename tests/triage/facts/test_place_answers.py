"""Places that a recogniser bound to their names heard: only what it was sure of, and what is no chance."""

from __future__ import annotations

import pytest

from tests.triage.facts.test_known import PLACES
from triage.facts.fact import Level
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer, Place
from triage.facts.place_answers import PlaceAnswers


@pytest.fixture(scope="module")
def answers() -> PlaceAnswers:
    return PlaceAnswers(FactFinder(Gazetteer(PLACES)))


def test_it_is_bound_to_the_names_with_and_without_their_endings(answers: PlaceAnswers) -> None:
    assert {"和平镇", "和平", "县医院", "第一医院", "翠屏路", "在"} <= set(answers.phrases)
    assert len(set(answers.phrases)) == len(answers.phrases)
    assert answers.left_out == 0


def test_without_a_list_there_is_nothing_to_hear() -> None:
    assert PlaceAnswers(FactFinder()).phrases == ()


def test_of_a_very_long_list_the_widest_places_are_heard() -> None:
    roads = tuple(Place(f"第{number}路", Level.ROAD) for number in range(2100))
    answers = PlaceAnswers(FactFinder(Gazetteer((*roads, Place("和平镇", Level.TOWN)))))
    assert answers.phrases[:2] == ("和平镇", "和平")
    assert answers.left_out == 102


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["和平", "镇"], "和平镇"),
        (["我", "在", "和平"], "和平镇"),
        (["我在", "大", "埠", "岗"], "大埠岗镇"),
        (["第一", "医院", "门口"], "县医院门口"),
        (["翠屏", "路"], "翠屏路"),
    ],
)
def test_a_name_counts_with_its_ending_or_behind_a_preposition(
    answers: PlaceAnswers, words: list[str], value: str
) -> None:
    ((fact, confidence),) = answers.read([(word, 0.97) for word in words])
    assert (fact.value, confidence) == (value, 0.97)
    assert any(part.level is not Level.NEAR for part in fact.parts)


@pytest.mark.parametrize(
    "words", [[], ["和平"], ["是", "和平", "的"], ["大", "埠", "岗"], ["我", "在", "家"], ["我家", "门口"]]
)
def test_a_short_name_alone_is_none(answers: PlaceAnswers, words: list[str]) -> None:
    assert answers.read([(word, 1.0) for word in words]) == ()


@pytest.mark.parametrize(
    "words",
    [
        [("和平", 0.95), ("镇", 0.89)],
        [("和平", 0.5), ("镇", 1.0)],
        [("在", 0.8), ("和平", 1.0)],
        [("和平", 1.0), ("[unk]", 0.0), ("镇", 1.0)],
    ],
)
def test_every_word_of_it_is_sure_and_nothing_lies_between(
    answers: PlaceAnswers, words: list[tuple[str, float]]
) -> None:
    assert answers.read(words) == ()


@pytest.mark.parametrize(
    ("around", "count"),
    [(["埠", "岗"], 1), (["埠", "岗", "坊"], 0), (["在", "[unk]", "的", "[unk]", "我家"], 1)],
)
def test_among_mostly_pieces_of_names_none_counts(
    answers: PlaceAnswers, around: list[str], count: int
) -> None:
    """As in 充分保障公募基金持有人的合法权益, of which it made 城郊 镇 岗 通 埠 金 就 的 在 闽."""
    assert len(answers.read([(word, 0.99) for word in ("和平", "镇", *around)])) == count


def test_its_confidence_is_that_of_its_least_sure_word(answers: PlaceAnswers) -> None:
    ((fact, confidence),) = answers.read(
        [("我在", 0.91), ("[unk]", 0.0), ("和平", 0.99), ("镇", 0.94), ("[unk]", 0.0), ("的", 0.9)]
    )
    assert (fact.text, confidence, fact.parts[0].code) == ("和平镇", 0.94, "359902")


def test_whether_the_dictation_has_a_place_of_the_list_itself(answers: PlaceAnswers) -> None:
    assert answers.has_listed("我在和平镇")
    assert answers.has_listed("我在柳溪")  # two places have this name
    assert answers.has_listed("青河县翠屏路八十八号")
    assert not answers.has_listed("五一路八十八号")
    assert not answers.has_listed("我家停水了")
