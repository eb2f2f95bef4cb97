"""Reads a caller's location from what Asterisk's GEOLOC_PROFILE function gives.

Asterisk has taken the PIDF-LO body of the INVITE apart (res_geolocation) and hands its pieces over as text,
for example `shape="Circle",crs="2d",pos="39.9087 116.4605",radius="30"` with the format `GML`, or
`country="CN",A3="朝阳区",RD="建国路",HNO="88"` with the format `civicAddress`. The carrier's XML is hostile
input and so is this text: whatever does not fit is refused, never guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from transfer.errors import LocationUnreadable
from transfer.location import CallerLocation, LocationSource

PROFILE_FIELDS = ("format", "location_info", "confidence", "method")
"""What has to be read from GEOLOC_PROFILE for one location."""

_PAIR = re.compile(r'\s*([A-Za-z][A-Za-z0-9_]{0,31})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",]*))\s*(?:,|$)')
_CIVIC_NAME = re.compile(r"country|A[1-6]|[A-Z]{2,6}[0-9]?")
_LONGEST_TEXT = 4000
_LONGEST_VALUE = 120
# Only Earth: a radius beyond half of its circumference says nothing (metres).
_WIDEST_RADIUS_M = 20_037_508.0


def parse_pairs(text: str) -> dict[str, str]:
    """Split `name="value",name=value` into a dictionary; control characters become spaces.

    Raises LocationUnreadable where the text does not follow the form or is unreasonably long.
    """
    if len(text) > _LONGEST_TEXT:
        raise LocationUnreadable(f"location of {len(text)} characters, more than {_LONGEST_TEXT}")
    pairs: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None or match.end() == at:
            raise LocationUnreadable(f"not name=value at character {at}")
        if match[1] in pairs:
            # Asterisk does not escape quotes: a value may have forged a second field of that name
            raise LocationUnreadable(f"{match[1]} comes twice")
        raw = match[2] if match[2] is not None else (match[3] or "")
        value = re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)
        pairs[match[1]] = "".join(c if c.isprintable() else " " for c in value).strip()[:_LONGEST_VALUE]
        at = match.end()
    return pairs


def read_location(
    read: Callable[[str], str | None], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> CallerLocation | None:
    """The location that came with the INVITE, or None when none came.

    `read` gives one field of GEOLOC_PROFILE (see PROFILE_FIELDS). Raises LocationUnreadable for one that
    came but cannot be understood.
    """
    kind = (read("format") or "").strip()
    if not kind:
        return None
    info = parse_pairs(read("location_info") or "")
    if kind == "civicAddress":
        return _civic(info, read("method"), now())
    if kind == "GML":
        return _shape(info, parse_pairs(read("confidence") or ""), read("method"), now())
    if kind == "URI":
        return _reference(info, now())
    raise LocationUnreadable(f"unknown location format {kind[:30]!r}")


def _civic(info: Mapping[str, str], method: str | None, at: datetime) -> CallerLocation:
    civic = tuple((name, value) for name, value in info.items() if value and _CIVIC_NAME.fullmatch(name))
    if not any(name != "country" for name, _ in civic):
        raise LocationUnreadable("civic address without a single element")
    return CallerLocation(LocationSource.NETWORK, at, civic=civic, method=_word(method))


def _shape(
    info: Mapping[str, str], confidence: Mapping[str, str], method: str | None, at: datetime
) -> CallerLocation:
    shape = info.get("shape", "")
    if shape not in ("Circle", "Sphere", "Point"):
        raise LocationUnreadable(f"shape {shape[:30]!r} is not a circle, a sphere or a point")
    coordinates = info.get("pos", "").replace(",", " ").split()
    if len(coordinates) not in (2, 3):
        raise LocationUnreadable("position is not two or three numbers")
    latitude = _number(coordinates[0], "latitude", -90, 90)
    longitude = _number(coordinates[1], "longitude", -180, 180)
    radius = _number(info.get("radius", ""), "radius", 0, _WIDEST_RADIUS_M) if shape != "Point" else None
    stated = confidence.get("value", "")
    return CallerLocation(
        LocationSource.NETWORK,
        at,
        latitude=latitude,
        longitude=longitude,
        uncertainty_m=radius,
        confidence_pct=_number(stated, "confidence", 0, 100) if stated else None,
        method=_word(method),
    )


def _reference(info: Mapping[str, str], at: datetime) -> CallerLocation:
    uri = info.get("URI", "")
    if not re.fullmatch(r"(https?|sips?|pres):[\x21-\x7e]+", uri):
        raise LocationUnreadable("location reference is not a URI")
    return CallerLocation(LocationSource.REFERENCE, at, reference=uri)


def _number(text: str, name: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise LocationUnreadable(f"{name} {text[:30]!r} is not a number") from None
    if not math.isfinite(value) or not low <= value <= high:
        raise LocationUnreadable(f"{name} {text[:30]!r} is not between {low:g} and {high:g}")
    return value


def _word(text: str | None) -> str | None:
    """A short token such as GPS, A-GPS, Cell; anything else is not worth keeping."""
    return text if text and re.fullmatch(r"[A-Za-z0-9-]{1,30}", text) else None
