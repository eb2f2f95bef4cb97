"""The one question more: which one fits, what the answer says, and what the answer is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.decision import Listening, Route
from triage.engine import Triage
from triage.questions import Danger, Question

TOPIC = "那个水管"


@pytest.mark.parametrize(
    "text",
    [
        "没有",
        "没有没有",
        "嗯没有",
        "没有，就是水管的问题",
        "没有啊我家停水",
        "没人受伤",
        "不是不是",
        "那倒没有",
        "都好好的",
        "嗯没伤着",
        "没什么事就是吵",
        "没事，就是漏水",
        "喂，没有的",
    ],
)
def test_a_no(triage: Triage, text: str) -> None:
    assert triage.answer(text) is Danger.DENIED


@pytest.mark.parametrize(
    "text", ["有", "有的有的", "是的", "对对对", "嗯，有人受伤", "不知道", "好像有吧", "危险"]
)
def test_a_yes(triage: Triage, text: str) -> None:
    assert triage.answer(text) is Danger.CONFIRMED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "。",
        "没有办法出去",
        "没人管我",
        "没呼吸了",
        "没有人敢进去",
        "不是说过了吗",
        "没有钱就别想走",
        "嗯嗯",
    ],
)
def test_neither_denies_nothing(triage: Triage, text: str) -> None:
    assert triage.answer(text) is Danger.UNANSWERED


@pytest.mark.parametrize("text", ["水管爆了", "我家停水了没人管", "楼下广场舞太吵了"])
def test_a_clear_request_is_an_answer(triage: Triage, text: str) -> None:
    assert triage.answer(text) is Danger.UNKNOWN


def test_a_request_of_doubtful_words_is_none(triage: Triage) -> None:
    assert triage.answer("水管爆了", 0.3) is Danger.UNANSWERED
    assert triage.answer("水管爆了", words=[("水管", 0.2), ("爆了", 0.2)]) is Danger.UNANSWERED


@given(st.text(max_size=60))
def test_any_text_is_an_answer(triage: Triage, text: str) -> None:
    assert triage.answer(text) in Danger


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (TOPIC, Question.DANGER),
        ("那个物业", Question.DANGER),
        ("你们过来一下", Question.PLACE),
        ("那个派人过来看看", Question.PLACE),
        ("那个就是这个", Question.AGAIN),
        ("喂喂喂", Question.AGAIN),
        ("", Question.AGAIN),
    ],
)
def test_the_question_fits_what_was_heard(triage: Triage, text: str, question: Question) -> None:
    decision = triage.decide(text)
    assert decision.route is Route.POLICE
    assert triage.question(decision) is question


def test_a_topic_and_a_denial_of_danger_free_the_line(triage: Triage) -> None:
    assert triage.decide(TOPIC).route is Route.POLICE
    assert triage.decide(TOPIC + "，没有", danger=Danger.DENIED).route is Route.MINSHENG
    verdict, decision = triage.listen(TOPIC + "，没有", danger=Danger.DENIED)
    assert verdict is Listening.LIVELIHOOD_CLEAR
    assert "danger_denied" in decision.flags


@pytest.mark.parametrize("text", ["", "那个就是这个", "没有", "今天天气不错啊对吧"])
def test_a_denial_alone_frees_nobody(triage: Triage, text: str) -> None:
    assert triage.decide(text, danger=Danger.DENIED).route is Route.POLICE


@pytest.mark.parametrize("danger", ["有人拿刀", "他要杀我", "着火了", "我妈晕倒了", "救命"])
def test_no_denial_outweighs_a_danger_that_was_named(triage: Triage, danger: str) -> None:
    for text in (f"我家水管爆了{danger}", f"{danger}我家水管爆了"):
        assert triage.decide(text, danger=Danger.DENIED).route is Route.POLICE


@pytest.mark.parametrize("said", [TOPIC, "我家那个水管", "小区物业那个", "我家水管爆了"])
@pytest.mark.parametrize("misheard", ["", "四点城北巷", "我是怎么样", "南郊"])
def test_an_answer_that_nobody_understood_frees_nobody(triage: Triage, said: str, misheard: str) -> None:
    text = f"{said}，{misheard}"
    decision = triage.decide(text, danger=triage.answer(misheard))
    assert decision.route is Route.POLICE
    freed = triage.decide(text).route is Route.MINSHENG
    assert ("danger_unanswered" in decision.flags) is freed, "the flag tells what it changed"
    assert triage.listen(text, danger=triage.answer(misheard))[0] is not Listening.LIVELIHOOD_CLEAR


def test_the_flag_is_for_what_it_changed(triage: Triage) -> None:
    decision = triage.decide("我家那个水管，有人拿刀砍人", danger=Danger.UNANSWERED)
    assert decision.route is Route.POLICE
    assert "danger_unanswered" not in decision.flags, "a knife needs no such reason"


@given(st.text(max_size=60))
def test_no_words_free_a_caller_who_was_asked_in_vain(triage: Triage, text: str) -> None:
    assert triage.decide("我家水管爆了" + text, danger=Danger.UNANSWERED).route is Route.POLICE


def test_a_denial_heard_with_doubt_frees_nobody(triage: Triage) -> None:
    assert triage.decide(TOPIC + "，没有", 0.3, danger=Danger.DENIED).route is Route.POLICE


def test_a_confirmation_keeps_even_a_clear_request(triage: Triage) -> None:
    text = "我家水管爆了，有"
    assert triage.decide(text).route is Route.MINSHENG
    decision = triage.decide(text, danger=Danger.CONFIRMED)
    assert decision.route is Route.POLICE
    assert "danger_confirmed" in decision.flags
    assert triage.listen(text, danger=Danger.CONFIRMED)[0] is Listening.POLICE_NOW


@pytest.mark.parametrize("text", ["从前有座山山里有座庙", "一加一等于几你知道吗"])
def test_talk_that_fits_nothing_may_be_a_call_in_disguise(triage: Triage, text: str) -> None:
    decision = triage.decide(text)
    assert decision.route is Route.POLICE
    assert {"covert?", "unclear"} <= set(decision.flags)


@pytest.mark.parametrize("text", ["", "喂你好", "我家水管爆了", "有人拿刀砍人"])
def test_greetings_and_matters_are_no_such_talk(triage: Triage, text: str) -> None:
    assert "covert?" not in triage.decide(text).flags
