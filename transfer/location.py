"""Where a caller is: one typed value, whoever told us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# Civic address elements in the order a Chinese address is spoken, largest first (RFC 5139 §3.1 names;
# A1 province, A2 city, A3 district or county, A4 town, A5 community, A6 street as locality).
_SPOKEN_ORDER = (
    "A1",
    "A2",
    "A3",
    "A4",
    "A5",
    "A6",
    "RD",
    "STS",
    "HNO",
    "HNS",
    "LMK",
    "NAM",
    "BLD",
    "UNIT",
    "FLR",
    "ROOM",
)
_COUNTED = {"HNO": "号", "BLD": "栋", "UNIT": "单元", "FLR": "楼", "ROOM": "室"}
SHORT_LIMIT = 60
"""Characters that fit on the display of an ordinary SIP telephone, with room for the category before it."""


class LocationSource(StrEnum):
    """Who told us where the caller is."""

    NETWORK = "network"
    """The carrier, in the INVITE, by value (RFC 6442 §4.1)."""
    REFERENCE = "reference"
    """The carrier gave an address to ask at; nobody has asked yet."""


@dataclass(frozen=True, slots=True)
class CallerLocation:
    """A caller's position, its uncertainty and its age.

    Latitude and longitude are WGS 84 degrees; `uncertainty_m` is the radius of the circle in metres in
    which the caller is with a probability of `confidence_pct` (95 where nothing else is said, RFC 7459 §2).
    `civic` holds RFC 5139 elements. At least one of point, civic address and reference is there.
    """

    source: LocationSource
    at: datetime
    latitude: float | None = None
    longitude: float | None = None
    uncertainty_m: float | None = None
    confidence_pct: float | None = None
    civic: tuple[tuple[str, str], ...] = ()
    reference: str | None = None
    method: str | None = None

    @property
    def address(self) -> str:
        """The civic address as it is written in Chinese, without the country; empty when there is none."""
        elements = dict(self.civic)
        parts = []
        for name in _SPOKEN_ORDER:
            value = elements.get(name, "")
            suffix = _COUNTED.get(name, "")
            parts.append(
                value + suffix if value and suffix and value[-1].isalnum() and value.isascii() else value
            )
        return "".join(parts)

    @property
    def short(self) -> str:
        """One line for a telephone's display: the address, else the point with its radius."""
        if self.address:
            text = self.address
        elif self.latitude is not None and self.longitude is not None:
            radius = "" if self.uncertainty_m is None else f" ±{self.uncertainty_m:.0f}m"
            text = f"{self.latitude:.5f},{self.longitude:.5f}{radius}"
        else:
            text = "位置待查"
        return text if len(text) <= SHORT_LIMIT else text[: SHORT_LIMIT - 1] + "…"

    def as_json(self) -> Mapping[str, object]:
        """The value as plain JSON types, for the record and the feed; what is unknown is left out."""
        known: dict[str, object] = {
            "source": self.source.value,
            "at": self.at.isoformat(),
            "short": self.short,
        }
        if self.latitude is not None and self.longitude is not None:
            known |= {"latitude": self.latitude, "longitude": self.longitude}
        for name in ("uncertainty_m", "confidence_pct", "reference", "method"):
            if (value := getattr(self, name)) is not None:
                known[name] = value
        if self.civic:
            known |= {"civic": dict(self.civic), "address": self.address}
        return known
