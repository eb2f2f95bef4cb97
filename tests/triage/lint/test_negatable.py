from __future__ import annotations

from tests.triage.lint.flawed import ROBBERY, found, line_of
from triage.lint.flaw import Severity


def test_a_cry_for_help_cannot_be_denied() -> None:
    (flaw,) = found("police/robbery/negatable")
    assert "来人呀" in flaw.problem
    assert (flaw.severity, flaw.place.line) == (Severity.ERROR, line_of(ROBBERY, "negatable:"))
