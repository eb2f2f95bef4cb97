from __future__ import annotations

import pytest

from triage.facts.fact import Fact, Kind, Level
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer, Place

PLACES = (
    Place("青河县", Level.COUNTY, "", "3599"),
    Place("昭山街道", Level.TOWN, "3599", "359901"),
    Place("和平镇", Level.TOWN, "3599", "359902"),
    Place("柳溪镇", Level.TOWN, "3599", "359903"),
    Place("柳溪街道", Level.TOWN, "3598", "359801"),
    Place("白云县", Level.COUNTY, "", "3598"),
    Place("大埠岗镇", Level.TOWN, "3599", "359904"),
    Place("上坊村", Level.VILLAGE, "359902", "", ("老上坊",)),
    Place("县医院", Level.SITE, "3599", "", ("第一医院",)),
    Place("翠屏路", Level.ROAD, "3599"),
    Place("大戏台", Level.SITE, "3599"),
)


@pytest.fixture(scope="module")
def finder() -> FactFinder:
    return FactFinder(Gazetteer(PLACES))


def places(finder: FactFinder, text: str) -> list[Fact]:
    return [fact for fact in finder.find(text) if fact.kind is Kind.PLACE]


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        ("在昭山街道", "昭山街道", "昭山街道"),
        ("青河昭山街道有人打架", "青河昭山街道", "青河县昭山街道"),
        ("我在和平被人抢了", "和平", "和平镇"),
        ("和平停水了", "和平", "和平镇"),
        ("青河和平", "青河和平", "青河县和平镇"),
        ("大戏台那边", "大戏台", "大戏台"),
        ("老上坊三组", "老上坊三组", "上坊村3组"),
        ("第一医院门口", "第一医院门口", "县医院门口"),
        ("召山街道停电", "召山街道", "昭山街道"),
        ("大部岗镇着火", "大部岗镇", "大埠岗镇"),
        ("崔平路八号", "崔平路八号", "翠屏路8号"),
        ("大布刚镇三组", "大布刚镇三组", "大埠岗镇3组"),
        ("在大埠岗", "大埠岗", "大埠岗镇"),
        ("我在合评被人抢了", "合评", "和平镇"),
        ("青河合评", "青河合评", "青河县和平镇"),
        ("和平镇政府对面", "和平镇政府对面", "和平镇政府对面"),
        ("昭山街道办事处旁边", "昭山街道办事处旁边", "昭山街道办事处旁边"),
        ("青河市场", "青河市场", "青河市场"),
        ("青河路三号", "青河路三号", "青河路3号"),
        ("和平路三号", "和平路三号", "和平路3号"),
        ("青河县翠屏路八十八号三单元", "青河县翠屏路八十八号三单元", "青河县翠屏路88号3单元"),
    ],
)
def test_places_of_the_list(finder: FactFinder, text: str, said: str, value: str) -> None:
    assert [(fact.text, fact.value) for fact in places(finder, text)] == [(said, value)]


@pytest.mark.parametrize(
    "text", ["合评一下", "希望和平解决问题", "大家喜欢和平日子", "他说何平", "我有大戏看"]
)
def test_a_short_name_without_a_sign_of_a_place_is_none(finder: FactFinder, text: str) -> None:
    assert places(finder, text) == []


def test_a_misheard_name_is_marked_and_carries_the_right_name_and_code(finder: FactFinder) -> None:
    (fact,) = places(finder, "在召山街道")
    (part,) = fact.parts
    assert (part.value, part.code, part.by_sound, part.level) == ("昭山街道", "359901", True, Level.TOWN)
    assert fact.text == "召山街道"


def test_a_name_that_two_places_share_stays_as_it_was_said(finder: FactFinder) -> None:
    (fact,) = places(finder, "在柳溪")
    assert (fact.value, fact.parts[0].code) == ("柳溪", "")


def test_what_was_said_before_it_tells_them_apart(finder: FactFinder) -> None:
    assert places(finder, "青河柳溪")[0].value == "青河县柳溪镇"
    assert places(finder, "白云县柳溪")[0].value == "白云县柳溪街道"


def test_other_facts_are_not_taken_for_places() -> None:
    finder = FactFinder(Gazetteer((Place("三点村", Level.VILLAGE), Place("老人峰", Level.SITE))))
    assert [fact.kind for fact in finder.find("下午三点，一个老人")] == [Kind.TIME, Kind.PERSON]


def test_an_empty_list_is_as_good_as_none() -> None:
    assert [fact.value for fact in FactFinder(Gazetteer(())).find("在五一路八号")] == ["五一路8号"]
