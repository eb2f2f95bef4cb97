from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.triage.facts.finding import NOW, finder
from triage.facts.fact import Fact, Kind, Level
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer, Place
from triage.spoken_text import fold

_PIECES = (
    *(
        "我在",
        "五一路",
        "八十八号",
        "三单元",
        "零二",
        "阳光花园",
        "水北镇",
        "和平",
        "合评",
        "邵武",
        "门口",
        "和",
        "的",
    ),
    *(
        "，",
        " ",
        "-",
        "昨天",
        "下午",
        "三点",
        "半",
        "三天前",
        "二十二号",
        "两个人",
        "老太太",
        "七十多岁",
        "刀",
        "没有",
    ),
    *(
        "头",
        "流血",
        "闽",
        "H",
        "艾奇",
        "幺二三四五",
        "一三八零零",
        "一二三四五六",
        "个零",
        "电话",
        "车牌",
        "尾号",
        "K",
    ),
    *("加", "公里", "国道", "方向", "往", "第", "十", "百", "路", "街", "村", "区", "a", "9", "\ud800", "①"),
)
SPOKEN = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)
ANY = st.text(st.characters(codec=None), max_size=60)
PLAIN = finder()
KNOWING = FactFinder(
    Gazetteer(
        (
            Place("邵武市", Level.COUNTY, "", "1"),
            Place("和平镇", Level.TOWN, "1", "2"),
            Place("五一路", Level.ROAD, "1"),
        )
    )
)


def check(text: str, facts: tuple[Fact, ...]) -> None:
    """What holds for the facts of any text."""
    assert [(fact.start, fact.end) for fact in facts] == sorted((fact.start, fact.end) for fact in facts)
    for fact in facts:
        assert 0 <= fact.start < fact.end <= len(text)
        assert fact.text == text[fact.start : fact.end]
        assert fact.value
        assert bool(fact.parts) == (fact.kind is Kind.PLACE)
        assert all(fact.start <= part.start < part.end <= fact.end and part.value for part in fact.parts)
        assert all(one.end <= other.start for one, other in pairwise(fact.parts))
    for kind in Kind:
        own = [fact for fact in facts if fact.kind is kind]
        assert all(one.end <= other.start for one, other in pairwise(own))


@settings(max_examples=200, deadline=None)
@given(SPOKEN)
def test_facts_of_what_callers_say_lie_in_order_and_in_the_text(text: str) -> None:
    check(text, PLAIN.find(text))
    check(text, KNOWING.find(text, NOW))


@settings(deadline=None)
@given(ANY)
def test_any_text_is_taken(text: str) -> None:
    check(text, KNOWING.find(text, NOW))


@settings(deadline=None)
@given(SPOKEN)
def test_spaces_between_words_change_nothing_but_the_offsets(text: str) -> None:
    joined = "".join(char for char in text if not char.isspace() and char != "-")
    plain, spaced = PLAIN.find(joined), PLAIN.find(" ".join(joined))
    # a space does help to tell where one telephone number ends and another number begins
    assume(all(fact.kind is not Kind.PHONE for fact in (*plain, *spaced)))
    assert [(fact.kind, fact.value) for fact in spaced] == [(fact.kind, fact.value) for fact in plain]


def test_all_kinds_in_one_breath() -> None:
    text = (
        "昨天晚上八点有两个男的拿刀在解放路八号门口把人砍伤了开闽H幺二三四五跑了我电话幺三八零零幺二三四五六"
    )
    assert [(fact.kind, fact.value) for fact in PLAIN.find(text)] == [
        (Kind.TIME, "昨天 20:00"),
        (Kind.PERSON, "2人 男"),
        (Kind.WEAPON, "刀"),
        (Kind.PLACE, "解放路8号门口"),
        (Kind.INJURY, "刀伤"),
        (Kind.PLATE, "闽H12345"),
        (Kind.PHONE, "13800123456"),
    ]


def test_a_number_belongs_to_one_thing() -> None:
    text = "电话一三八零零三零二三点零"
    assert Kind.PLACE not in {fact.kind for fact in PLAIN.find(text)}


def test_the_same_text_gives_the_same_facts() -> None:
    text = "五一路八号两个人打架"
    assert PLAIN.find(text) == PLAIN.find(text) == FactFinder().find(text)


@pytest.mark.parametrize(
    "unit",
    [
        "一",
        "路",
        "五一路",
        "闽H",
        "三点",
        "两个",
        "老人",
        "刀伤",
        "和平",
        "一三八",
        "1-",
        "，",
        "k十五加",
        "往啊",
        "的",
        "邵武和平",
    ],
)
def test_the_work_grows_with_the_length(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        best = float("inf")
        for _ in range(2):
            start = time.process_time()
            KNOWING.find(text)
            best = min(best, time.process_time() - start)
        return best

    short, long = seconds(500), seconds(4000)  # quadratic work would take 64 times as long
    assert long < 8 * 3 * short + 0.05, f"{unit!r}: {short:.4f} s for 500 letters, {long:.4f} s for 4,000"


def test_forty_letters_take_far_less_than_the_time_between_two_words() -> None:
    text = "喂你好我在邵武市五一路八十八号三单元二楼隔壁有人打架拿着刀你们快点过来救人好不好啊"
    assert len(fold(text).letters) >= 40
    best = float("inf")
    for _ in range(20):
        start = time.process_time()
        PLAIN.find(text)
        best = min(best, time.process_time() - start)
    assert best < 0.01
