"""Looking through a lexicon for rules that do nothing, contradict each other or reach too far."""

from __future__ import annotations

from pathlib import Path

from triage.lint.broad import broad_flaws
from triage.lint.combined import combined_flaws
from triage.lint.contradictory import contradictory_flaws
from triage.lint.dead import dead_flaws
from triage.lint.doubled import doubled_flaws
from triage.lint.flaw import Flaw
from triage.lint.negatable import negatable_flaws
from triage.lint.rulebook import Rulebook

_CHECKS = (contradictory_flaws, broad_flaws, negatable_flaws, dead_flaws, combined_flaws, doubled_flaws)


def lint(lexicon: Path, policy: Path, town: Path | None = None) -> list[Flaw]:
    """Return all that is wrong, the gravest first, then by file and line. Raises LexiconError."""
    book = Rulebook.load(lexicon, policy, town)
    flaws = {flaw for check in _CHECKS for flaw in check(book)}
    return sorted(flaws, key=lambda f: (f.severity.rank, str(f.place.file), f.place.line, f.rule, f.problem))
