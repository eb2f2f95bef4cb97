from __future__ import annotations

from tests.triage.lint.flawed import found
from triage.decision import Route
from triage.lexicon import Field, Rule
from triage.lint.combined import covers
from triage.lint.flaw import Severity


def test_a_combination_that_another_one_holds() -> None:
    (flaw,) = found("police/robbery#3", "police/robbery#4 已包含它")
    assert flaw.severity is Severity.HINT
    assert found("police/robbery#4", "已包含它") == []


def test_a_combination_with_words_that_count_alone() -> None:
    (flaw,) = found("police/robbery#8", "单独算作", "在抢银行")
    assert flaw.severity is Severity.HINT


def test_a_combination_that_is_never_met() -> None:
    (flaw,) = found("police/robbery#5")
    assert flaw.severity is Severity.ERROR
    assert "永远不成立" in flaw.problem


def test_a_cancelled_word_is_named_once() -> None:
    (flaw,) = found("police/robbery#6", "外卖小哥", "还有 1 个组合")
    assert flaw.severity is Severity.WARNING
    assert found("police/robbery#7") == []


FIELD = Field("x", "某", Route.POLICE, 1, None, None, general=False, flag=None)


def _rule(within: int, *slots: str) -> Rule:
    return Rule("x", FIELD, tuple(map(tuple, slots)), within, 1.0, 1, boundary=False, sounds=False)


def test_covering_is_fewer_slots_more_words_and_as_far() -> None:
    assert covers(_rule(8, "ab", "cd"), _rule(8, "c", "a"))
    assert covers(_rule(8, "ab", "cd"), _rule(6, "c", "a", "x"))
    assert not covers(_rule(6, "ab", "cd"), _rule(8, "c", "a"))
    assert not covers(_rule(8, "ab", "cd"), _rule(8, "c", "e"))
    assert not covers(_rule(8, "ab", "cd", "x"), _rule(8, "c", "a"))
