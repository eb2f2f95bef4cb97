"""Flaws for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from triage.lint.flaw import Flaw, Severity
from triage.report import one_line

_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.HINT: "dim"}


def drawn(flaw: Flaw) -> Text:
    """Draw one."""
    return Text.assemble(
        (flaw.severity.value, _STYLE[flaw.severity]),
        f" {flaw.place.file}:{flaw.place.line} {flaw.rule}：{flaw.problem}。{flaw.advice}。",
        overflow="fold",
    )


def json_line(flaw: Flaw) -> str:
    """Write one as an object."""
    return one_line(
        {
            "severity": flaw.severity.value,
            "file": str(flaw.place.file),
            "line": flaw.place.line,
            "rule": flaw.rule,
            "problem": flaw.problem,
            "advice": flaw.advice,
        }
    )


def summary(flaws: Sequence[Flaw]) -> Text:
    """Draw the last line."""
    counts = Counter(flaw.severity for flaw in flaws)
    return Text("，".join(f"{severity.value} {counts[severity]} 处" for severity in Severity), "bold")
