from __future__ import annotations

from pathlib import Path

from tests.triage.lint.flawed import flaws
from triage.lexicon import DEFAULT_FOLDER
from triage.lint import lint
from triage.lint.flaw import Severity
from triage.policy import DEFAULT_FILE


def test_the_gravest_come_first_and_the_rest_by_place() -> None:
    order = [(f.severity.rank, str(f.place.file), f.place.line) for f in flaws()]
    assert order == sorted(order)
    assert {f.severity for f in flaws()} == set(Severity)


def test_every_flaw_says_what_to_do() -> None:
    assert all(flaw.advice and flaw.problem and flaw.place.line > 0 for flaw in flaws())


def test_a_sound_lexicon_has_no_errors(small_folder: Path) -> None:
    assert [flaw for flaw in lint(small_folder, DEFAULT_FILE) if flaw.severity is Severity.ERROR] == []


def test_the_shipped_lexicon_has_no_errors() -> None:
    assert [flaw for flaw in lint(DEFAULT_FOLDER, DEFAULT_FILE) if flaw.severity is Severity.ERROR] == []
