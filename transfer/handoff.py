"""What travels with a call to the person who takes it, as channel variables that the dialplan turns into headers.

The names are the contract with `dialplans/` (see docs/dialplan.md). Values are cleaned here once: what a caller
said and what a carrier sent must not be able to end a header line.
"""

from __future__ import annotations

from transfer.location import CallerLocation, LocationSource
from triage.decision import Decision

SAID_LIMIT = 80
"""Characters of the caller's words that go along in a header; the whole of it is in the record."""
_CIVIC_LIMIT = 60
"""Characters of one element of an address: Asterisk cuts values at 256 bytes when it writes them."""
_LONGEST_URI = 240
_LONGEST_INFO = 1600
"""Bytes; one AGI command holds about 2000. A longer address than this is no address."""


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


def geolocation_variables(location: CallerLocation) -> dict[str, str]:
    """What the dialplan makes a new PIDF-LO of (RFC 4119), as fields of Asterisk's GEOLOC_PROFILE.

    Made of values that have been understood and cleaned, never of the document that came: Asterisk evaluates
    dialplan expressions in it, even in parts that nobody can read beforehand. Empty for a location that cannot
    be told without a character that has been cleaned away.
    """
    if location.source is LocationSource.REFERENCE:
        uri = location.reference or ""
        if _clean(uri) != uri or len(uri) > _LONGEST_URI:
            return {}
        return {"__GEO_FORMAT": "URI", "__GEO_INFO": f'URI="{uri}"'}
    fields = {"__GEO_METHOD": _clean(location.method)} if location.method else {}
    if location.civic:
        info = ",".join(f'{name}="{_clean(value)[:_CIVIC_LIMIT]}"' for name, value in location.civic)
        fits = len(info.encode()) <= _LONGEST_INFO
        return {"__GEO_FORMAT": "civicAddress", "__GEO_INFO": info, **fields} if fits else {}
    position = f"{location.latitude:.7f} {location.longitude:.7f}"
    if location.uncertainty_m is None:
        info = f'shape="Point",crs="2d",pos="{position}"'
    else:
        info = f'shape="Circle",crs="2d",pos="{position}",radius="{location.uncertainty_m:.10g}"'
    if location.confidence_pct is not None:
        fields["__GEO_CONFIDENCE"] = f'pdf="unknown",value="{location.confidence_pct:.10g}"'
    return {"__GEO_FORMAT": "GML", "__GEO_INFO": info, **fields}


def _clean(text: str) -> str:
    """Printable text on one line, free of what Asterisk's dialplan gives a meaning: $ { } " ; and backslash."""
    return "".join(c if c.isprintable() and c not in '${}"\\;' else " " for c in text).strip()
