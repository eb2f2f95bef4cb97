"""Other readings of a caller's words: they turn a call towards police, say why, and never free anybody."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.shipped import engine, utterances
from triage.alternatives import LONGEST, MOST, readings
from triage.decision import Decision, Evidence, Route
from triage.engine import Triage
from triage.questions import Danger

WATER = "我家停水了"
POLICE = [text for texts in utterances("police").values() for text in texts if isinstance(text, str)][:200]
SAID = st.lists(
    st.sampled_from(
        [
            WATER,
            "停水",
            "路灯坏了",
            "不是",
            "抢红包",
            "抢劫",
            "强节",
            "有人拿刀",
            "转警察",
            "救命",
            "吵架",
            "你好",
            "，",
            "",
        ]
    ),
    max_size=5,
).map("".join)
SHARES = st.floats(0, 1) | st.floats()
OTHERS = st.lists(st.tuples(SAID | st.sampled_from(POLICE) | st.text(max_size=20), SHARES), max_size=14)


@pytest.fixture(scope="module")
def small(small_folder: Path) -> Triage:
    return Triage.load(small_folder, opinion_file=None)


def doubted(decision: Decision) -> list[Evidence]:
    return [found for found in decision.evidence if found.alternative]


# --- towards police ---------------------------------------------------------------------------------------


def test_danger_in_another_reading_keeps_a_caller(triage: Triage) -> None:
    assert triage.decide(WATER).route is Route.MINSHENG
    decision = triage.decide(WATER, alternatives=[("我家抢劫了", 0.3)])
    assert decision.route is Route.POLICE
    assert "alternative" in decision.flags


def test_it_can_be_explained_and_replayed(triage: Triage) -> None:
    decision = triage.decide(WATER, alternatives=[("喂，我家抢劫了", 0.3)])
    (found,) = doubted(decision)
    assert (found.phrase, found.category, found.weight) == ("抢劫", "robbery", 0.3)
    assert found.alternative == "喂，我家抢劫了"
    assert found.alternative[found.start : found.end] == "抢劫"
    assert decision.evidence[-1] is found, "what was said comes first"
    assert decision.alternatives == (("喂，我家抢劫了", 0.3),)
    again = triage.decide(decision.text, alternatives=decision.alternatives)
    assert again == decision


def test_a_faint_doubt_names_no_robbery(triage: Triage) -> None:
    faint = triage.decide(WATER, alternatives=[("我家抢劫了", 0.3)])
    assert (faint.category, faint.priority) == ("unclear", 2)
    strong = triage.decide(WATER, alternatives=[("我家抢劫了", 0.7)])
    assert (strong.category, strong.priority) == ("robbery", 1)


def test_the_fainter_the_reading_the_lighter_the_evidence(small: Triage) -> None:
    assert [
        [found.weight for found in doubted(small.decide("停水", alternatives=[("抢劫", share)]))]
        for share in (0.01, 0.1, 0.5, 1.0)
    ] == [[], [0.1], [0.5], [1.0]]


def test_readings_that_agree_add_up_and_never_beyond_the_rule(small: Triage) -> None:
    agreed = small.decide("停水", alternatives=[("抢劫停水", 0.2), ("有抢劫", 0.3)])
    (found,) = doubted(agreed)
    assert (found.weight, found.alternative) == (0.5, "有抢劫")
    (found,) = doubted(small.decide("停水", alternatives=[("抢劫停水", 0.8), ("有抢劫", 0.8)]))
    assert found.weight == 1.0


def test_what_the_text_says_itself_is_not_said_twice(small: Triage) -> None:
    assert not doubted(small.decide("抢劫", alternatives=[("有人抢劫", 0.4)]))


def test_characters_in_a_reading_add_to_a_likeness_of_sound(small: Triage) -> None:
    heard = small.decide("有强节")
    (found,) = doubted(small.decide("有强节", alternatives=[("有抢劫", 0.5)]))
    assert found.weight == pytest.approx((1 - heard.evidence[0].weight) * 0.5, abs=1e-3)


def test_a_reading_without_the_denial_counts(small: Triage) -> None:
    assert small.decide("不是抢劫，停水").route is Route.MINSHENG
    decision = small.decide("不是抢劫，停水", alternatives=[("都是抢劫，停水", 0.4)])
    assert decision.route is Route.POLICE
    assert doubted(decision)


def test_a_livelihood_request_in_a_reading_frees_nobody(triage: Triage) -> None:
    assert triage.decide("我家听谁了", alternatives=[(WATER, 1.0)]).route is Route.POLICE
    assert triage.decide("", alternatives=[(WATER, 1.0)]).route is Route.POLICE


# --- bounded, whatever comes ------------------------------------------------------------------------------


def test_a_reading_that_says_the_same_is_none(triage: Triage) -> None:
    same = triage.decide(WATER, alternatives=[("我家，停水了！", 0.9), (WATER, 0.1)])
    assert same == triage.decide(WATER)


def test_equal_readings_are_one() -> None:
    (reading,) = readings("水", [("火，", 0.2), ("火", 0.3)])
    assert reading.spoken.original == "火，"
    assert reading.share == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("share", "taken"), [(-1, 0.0), (2, 1.0), (math.nan, 1.0), (math.inf, 1.0), (-math.inf, 0.0)]
)
def test_a_share_that_is_none_is_brought_back(share: float, taken: float) -> None:
    assert readings("水", [("火", share)])[0].share == taken


def test_work_is_bounded() -> None:
    many = readings("水", [("火" * n, 0.01) for n in range(1, 10_000)])
    assert len(many) == MOST
    (long,) = readings("水", [("火" * 10**6, 0.1)])
    assert len(long.spoken.letters) == LONGEST


@settings(deadline=None, max_examples=300)
@given(SAID, OTHERS, st.sampled_from(Danger), st.sampled_from([1.0, 0.75, 0.4]))
def test_readings_never_free_a_caller(
    text: str, others: list[tuple[str, float]], danger: Danger, confidence: float
) -> None:
    triage = engine()
    without = triage.decide(text, confidence, danger=danger)
    decision = triage.decide(text, confidence, danger=danger, alternatives=others)
    assert decision.route is Route.POLICE or without.route is Route.MINSHENG
    assert decision.text == text
    own = [found for found in decision.evidence if not found.alternative]
    assert own == [found for found in without.evidence if found in own], (
        "the text's own evidence stays as it was"
    )
    for found in doubted(decision):
        assert 0 < found.weight <= 1
        assert found.alternative in [other for other, _ in decision.alternatives]
        assert found.alternative[found.start : found.end]


@settings(deadline=None)
@given(SAID, st.sampled_from(POLICE), st.floats(0, 1), st.floats(0, 1))
def test_a_likelier_danger_is_never_less_safe(text: str, other: str, one: float, two: float) -> None:
    less, more = sorted((one, two))
    routes = [engine().decide(text, alternatives=[(other, share)]).route for share in (less, more)]
    assert routes != [Route.POLICE, Route.MINSHENG]
