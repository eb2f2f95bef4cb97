"""The public face: all facts of a text, for the screen of the person who takes the call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from triage.facts.fact import Fact, Level, Part
from triage.facts.found import Found, apart
from triage.facts.gazetteer import Gazetteer
from triage.facts.known import KnownPlaces
from triage.facts.listed import find_injuries, find_weapons
from triage.facts.people import find_people
from triage.facts.phones import find_phones
from triage.facts.places import PlaceFinder
from triage.facts.plates import PlateFinder
from triage.facts.reading import WordLists
from triage.facts.times import find_times
from triage.sounds import SoundTable

_NAMED = {Level.ROAD, Level.SITE, Level.TOWN, Level.VILLAGE, Level.COUNTY, Level.CITY}


class FactFinder:
    """Finds facts in what a caller said. Immutable after construction, so all calls share one."""

    def __init__(self, gazetteer: Gazetteer | None = None) -> None:
        """Compile the word lists and the gazetteer, if there is one; raises LexiconError for a spoilt word list."""
        self.gazetteer = gazetteer or Gazetteer(())
        """The list of places that it knows, an empty one where there is none."""
        self._lists = WordLists()
        table = SoundTable()
        self._plates = PlateFinder(table, self._lists.letter_names)
        known = KnownPlaces(gazetteer, table) if gazetteer and gazetteer.places else None
        self._places = PlaceFinder(self._lists, known)

    def find(self, text: str, now: datetime | None = None) -> tuple[Fact, ...]:
        """Return the facts of a text in the order of the text; those of one kind never overlap.

        `now` is when it was said: times that the words settle are then written absolutely. Takes any unicode of any
        length and raises nothing; the work grows with the length.
        """
        reading = self._lists.read(text)
        phones = find_phones(reading)
        plates = apart(self._plates.find(reading))
        people = find_people(reading)
        times = _outside(find_times(reading, now), people)
        words = _outside(
            [*people, *times, *find_weapons(reading), *find_injuries(reading)], [*phones, *plates]
        )
        places = self._places.find(reading, [*phones, *plates, *words])
        named = [part for place in places for part in place.parts if part.level in _NAMED]
        found = [*phones, *plates, *_outside(words, named), *places]
        return tuple(f.fact(reading.spoken) for f in sorted(found, key=lambda f: (f.start, f.end, f.kind)))


def _outside(found: Iterable[Found], around: Iterable[Found | Part]) -> list[Found]:
    """Leave out what only seems a fact inside these: 学生 of 学生公寓, 三点 of a telephone number."""
    taken = {i for span in around for i in range(span.start, span.end)}
    return [f for f in found if not all(i in taken for i in range(f.start, f.end))]
