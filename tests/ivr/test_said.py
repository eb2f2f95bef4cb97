"""What a caller has said: finished, unfinished, and the answer to a question."""

from __future__ import annotations

import pytest

from asr.utterance import Utterance
from ivr.said import Said
from tests.ivr.scripted_engine import final, part


def said(*utterances: Utterance) -> tuple[Said, list[Utterance]]:
    finals: list[Utterance] = []
    made = Said(finals.append)
    for utterance in utterances:
        made.keep(utterance)
    return made, finals


def test_final_words_take_the_place_of_the_unfinished() -> None:
    made, finals = said(part("我"), part("我家"), final("我家水管"), part("爆"))
    assert made.text == "我家水管，爆"
    assert made.unfinished
    assert [u.text for u in finals] == ["我家水管"]


def test_an_empty_final_takes_words_back_and_is_no_news() -> None:
    made, finals = said(part("我家"), final(""))
    assert (made.text, made.unfinished, finals) == ("", False, [])


def test_the_answer_is_what_was_said_after_the_question() -> None:
    made, _ = said(final("我家水管"))
    made.question_asked()
    assert made.answer == ""
    made.keep(part("没"))
    assert made.answer == "没"
    made.keep(final("没有"))
    assert (made.answer, made.text) == ("没有", "我家水管，没有")


def test_confidence_is_that_of_the_finished_words_by_length() -> None:
    made, _ = said(final("水管", 0.5), final("我家水管爆了", 0.9), part("有人"))
    assert made.confidence == pytest.approx((2 * 0.5 + 6 * 0.9) / 8)
    assert made.words == [("水管", 0.5), ("我家水管爆了", 0.9)]
    assert said(part("有人"))[0].confidence == 1.0
