"""What travels with a call to the person who takes it, as channel variables that the dialplan turns into headers.

The names are the contract with `dialplans/` (see docs/dialplan.md). Values are cleaned here once: what a caller
said and what a carrier sent must not be able to end a header line.
"""

from __future__ import annotations

from transfer.location import CallerLocation
from triage.decision import Decision

SAID_LIMIT = 80
"""Characters of the caller's words that go along in a header; the whole of it is in the record."""


def channel_variables(decision: Decision, location: CallerLocation | None) -> dict[str, str]:
    """The variables that the dialplan reads after the FastAGI script has left; the route comes last.

    The route is last on purpose: a script that dies half way leaves a call without TRIAGE_ROUTE, and a call
    without it goes to police.
    """
    return {
        "__TRIAGE_CATEGORY": _clean(decision.category),
        "__TRIAGE_LABEL": _clean(decision.label),
        "__TRIAGE_PRIORITY": str(decision.priority),
        "__CALLER_LOCATION": _clean(location.short) if location else "",
        "__CALLER_SAID": _clean(decision.text)[:SAID_LIMIT],
        "TRIAGE_ROUTE": decision.route.value,
    }


def _clean(text: str) -> str:
    """Printable text on one line, free of what Asterisk's dialplan gives a meaning: $ { } " ; and backslash."""
    return "".join(c if c.isprintable() and c not in '${}"\\;' else " " for c in text).strip()
