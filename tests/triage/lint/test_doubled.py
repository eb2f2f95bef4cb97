from __future__ import annotations

from tests.triage.lint.flawed import ROBBERY, found, line_of
from triage.lint.flaw import Severity


def test_a_context_in_two_files() -> None:
    (flaw,) = found("police/robbery/harmless", "“抢红包”", "harmless/抢")
    assert (flaw.severity, flaw.place.line) == (Severity.HINT, line_of(ROBBERY, "没抢银行"))


def test_combinations_of_two_fields_with_the_same_words() -> None:
    assert [flaw.severity for flaw in found("police/robbery#3", "police/fire#3")] == [Severity.WARNING]


def test_phrases_of_two_fields_that_sound_alike() -> None:
    (flaw,) = found("police/robbery#1", "“抢银行”", "“抢银航”", "同音")
    assert flaw.severity is Severity.HINT
