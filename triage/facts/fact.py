"""What is found in a caller's words: typed facts, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a fact is about."""

    PLACE = "place"
    TIME = "time"
    PERSON = "person"
    WEAPON = "weapon"
    INJURY = "injury"
    PLATE = "plate"
    PHONE = "phone"


class Level(StrEnum):
    """How wide a part of a place is, widest first."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    VILLAGE = "village"
    ROAD = "road"
    MILEAGE = "mileage"
    """A kilometre mark of a road."""
    NUMBER = "number"
    """A house number in a road."""
    SITE = "site"
    """What has a name of its own: an estate, a school, a shop, a bridge."""
    BUILDING = "building"
    UNIT = "unit"
    FLOOR = "floor"
    ROOM = "room"
    NEAR = "near"
    """Where exactly: 门口, 对面, 路口."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a place."""

    level: Level
    value: str
    """Its name as it is written, spoken numbers in digits; a gazetteer's right name where one was recognised."""
    start: int
    end: int
    code: str = ""
    """The gazetteer's code, if it has one."""
    by_sound: bool = False
    """Other characters were heard, only the sound fits the gazetteer's name."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was said."""

    kind: Kind
    text: str
    """What was said: `original[start:end]`."""
    value: str
    """The same in its normal form (docs/places.md)."""
    start: int
    """Offset of its first character in the original text."""
    end: int
    """Offset after its last character."""
    parts: tuple[Part, ...] = ()
    """The parts of a place, in the order of the text; empty for other kinds."""
