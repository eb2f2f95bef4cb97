"""Phrases that may be denied although nobody denies them: cries for help."""

from __future__ import annotations

from collections.abc import Iterator

from triage.lint.flaw import Flaw, Severity
from triage.lint.rulebook import Rulebook

_CRIES = ("救命", "救我", "救救", "救人", "快救", "来人", "求救", "快来", "别打", "别杀", "放开我", "sos")


def negatable_flaws(book: Rulebook) -> Iterator[Flaw]:
    """Find cries for help in `negatable`: 没有…救命 is no denial, the words before it belong to something else."""
    for listed in book.negatable:
        if any(cry in listed.phrase for cry in _CRIES):
            yield listed.flaw(
                Severity.ERROR,
                f"呼救的话“{listed.phrase}”可以被“没有”“不是”抵消",
                "从 negatable 中删去：呼救不会被否认",
            )
