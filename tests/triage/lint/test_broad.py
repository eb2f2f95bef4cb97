from __future__ import annotations

import pytest

from tests.triage.lint.flawed import HARMLESS, WATER, found, line_of
from triage.lint.flaw import Severity


@pytest.mark.parametrize(
    ("rule", "letter", "severity", "line"),
    [
        ("minsheng/water#2", "“水”", Severity.ERROR, "[水]"),
        ("minsheng/water#3", "“吵”", Severity.WARNING, "[吵, 火警演习]"),
    ],
)
def test_livelihood_phrases_of_one_letter(rule: str, letter: str, severity: Severity, line: str) -> None:
    (flaw,) = found(rule, letter, "只有一个字")
    assert (flaw.severity, flaw.place.line) == (severity, line_of(WATER, line))


def test_a_light_letter_only_supports() -> None:
    assert found("minsheng/water#4") == []


def test_contexts_of_one_letter_are_errors() -> None:
    (flaw,) = found("harmless/其他", "“怕”只有一个字")
    assert (flaw.severity, flaw.place.line) == (Severity.ERROR, line_of(HARMLESS, "- 怕"))


def test_contexts_of_two_letters_over_a_grave_word() -> None:
    (no_word,) = found("harmless/杀", "“杀”", "杀得")
    (word,) = found("harmless/杀", "“杀”", "杀毒")
    assert (no_word.severity, word.severity) == (Severity.WARNING, Severity.HINT)


def test_livelihood_combinations_with_pronouns() -> None:
    (flaw,) = found("minsheng/water#5", "我们")
    assert flaw.severity is Severity.WARNING


def test_livelihood_combinations_of_single_letters() -> None:
    (flaw,) = found("minsheng/water#6", "水…断")
    assert flaw.severity is Severity.WARNING
