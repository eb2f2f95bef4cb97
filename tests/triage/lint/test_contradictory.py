from __future__ import annotations

from tests.triage.lint.flawed import WATER, found, line_of
from triage.lint.flaw import Severity


def test_a_livelihood_phrase_with_a_police_phrase_in_it() -> None:
    (flaw,) = found("minsheng/water#1", "停水抢劫险", "“抢劫”（police/robbery#1）")
    assert (flaw.severity, flaw.place.line) == (Severity.ERROR, line_of(WATER, "停水抢劫险"))


def test_a_livelihood_phrase_that_asks_for_a_person() -> None:
    (flaw,) = found("minsheng/water#1", "客服人工台", "要求人工")
    assert flaw.severity is Severity.ERROR


def test_a_livelihood_phrase_that_a_weak_police_word_holds_back() -> None:
    (flaw,) = found("minsheng/water#1", "水管冒烟", "拖住")
    assert flaw.severity is Severity.WARNING


def test_a_cancelled_police_phrase_contradicts_nothing() -> None:
    assert found("minsheng/water#1", "冒烟囱") == []
    assert found("minsheng/water#3", "火警") == []


def test_words_of_combinations_that_are_police_whatever_stands_beside_them() -> None:
    (flaw,) = found("minsheng/water#7", "抢银行")
    assert flaw.severity is Severity.WARNING
    assert found("minsheng/water#8", "着火了") == []  # 着火了演习 is harmless


def test_sounds_of_both_sides() -> None:
    (flaw,) = found("minsheng/water#1", "“楼其啦”", "“漏气啦”", "同音")
    assert flaw.severity is Severity.WARNING
