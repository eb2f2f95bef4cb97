"""What a caller has said: finished, unfinished, and the answer to a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asr.utterance import Alternative, Utterance
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


def test_how_sure_an_answer_is_does_not_lean_on_what_was_said_before() -> None:
    made, _ = said(final("我家水管爆了", 0.9))
    made.question_asked()
    assert (made.answer_words, made.answer_confidence) == ([], 1.0)
    made.keep(final("没有", 0.4))
    assert made.answer_words == [("没有", 0.4)]
    assert made.answer_confidence == pytest.approx(0.4)
    assert made.confidence == pytest.approx((6 * 0.9 + 2 * 0.4) / 8)


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


def guessed(text: str, *others: tuple[str, float]) -> Utterance:
    return replace(final(text), alternatives=tuple(Alternative(*other) for other in others))


def test_other_readings_are_of_the_whole_text() -> None:
    made, _ = said(guessed("我家", ("我加", 0.3)), guessed("停水", ("听谁", 0.4)), part("了"))
    assert made.text == "我家，停水，了"
    assert made.alternatives == [("我家，听谁，了", 0.4), ("我加，停水，了", 0.3)]


def test_what_was_taken_for_noise_may_have_been_a_cry() -> None:
    made, finals = said(final("我家"), guessed("", ("救命", 0.2)), final("停水"))
    assert (made.text, made.answer) == ("我家，停水", "我家，停水")
    assert made.alternatives == [("我家，救命，停水", 0.2)]
    assert [u.text for u in finals] == ["我家", "停水"], "nothing was heard, so nothing is told"
