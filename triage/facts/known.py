"""Places of the gazetteer in a text: by their characters, by short names, and by sound where others were heard.

A full name (昭阳街道) always counts. A short one (和平, 下沙) is often an ordinary word and a likeness of sound often
chance: both need their surroundings to speak for a place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from triage.automaton import Automaton
from triage.facts.fact import Level
from triage.facts.gazetteer import Gazetteer, Place, names_of
from triage.facts.ground import Ground, Piece, Standing, pieces_apart
from triage.sounds import SoundTable, syllables
from triage.spoken_text import fold

_WIDE = {Level.PROVINCE, Level.CITY, Level.COUNTY}
"""Levels whose short names are hardly ordinary words."""
_SHORT = 2  # syllables; so few are soon alike by chance


class KnownPlaces:
    """A gazetteer compiled for finding. Immutable after construction."""

    def __init__(self, gazetteer: Gazetteer, table: SoundTable) -> None:
        self._table = table
        self._ancestors = gazetteer.ancestors()
        self._named: dict[str, list[Place]] = defaultdict(list)
        self._sounding: dict[str, set[str]] = defaultdict(set)
        self._readings: dict[str, frozenset[tuple[str, ...]]] = {}
        self._full: set[str] = set()
        for name, place, is_stem in names_of(gazetteer.places):
            if not is_stem and (len(name) > _SHORT or name == fold(place.name).letters):
                self._full.add(name)
            if place not in self._named[name]:
                self._named[name].append(place)
            if len(name) < _SHORT or name in self._readings:
                continue
            self._readings[name] = frozenset({syllables(name), table.heard(name)})
            for reading in self._readings[name]:
                if written := table.write_syllables(reading):
                    self._sounding[written].add(name)
        self._by_letters = Automaton(self._named)
        self._by_sound = Automaton(self._sounding)

    def find(self, ground: Ground) -> list[Piece]:
        """Return the places of the list that are spoken of."""
        written = list(self._written(ground))
        every = written + list(self._heard(ground))
        full = sorted((p for p in every if not p.bare), key=lambda p: (p.by_sound, p.start - p.end, p.start))
        kept = pieces_apart(full)
        kept += _believed(ground, kept, [p for p in every if p.bare])
        kept.sort(key=lambda p: (p.bare, p.by_sound, p.start - p.end, p.start))
        return self._resolved(pieces_apart(kept))

    def _written(self, ground: Ground) -> Iterator[Piece]:
        letters = ground.letters
        for last, index in self._by_letters.scan(letters).hits:
            name = self._by_letters.patterns[index]
            start, end = last + 1 - len(name), last + 1
            if ground.is_free(start, end):
                yield self._piece(name, start, end, by_sound=False)

    def _heard(self, ground: Ground) -> Iterator[Piece]:
        letters = ground.letters
        for last, index in self._by_sound.scan(self._table.write(letters)).hits:
            sound = self._by_sound.patterns[index]
            start, end = last + 1 - len(sound), last + 1
            said = letters[start:end]
            if said in self._named or not ground.is_free(start, end) or ground.holds_edge(start, end):
                continue
            heard = self._table.heard(said)
            for name in sorted(self._sounding[sound]):
                same_end = name in self._full and len(name) > _SHORT and name[-1] == said[-1]
                if heard in self._readings[name] or same_end:
                    yield self._piece(name, start, end, by_sound=True)
                    break

    def _piece(self, name: str, start: int, end: int, *, by_sound: bool) -> Piece:
        place = self._named[name][0]
        bare = name not in self._full or (by_sound and len(name) <= _SHORT)
        return Piece(
            place.level, start, end, name, Standing.NAME, place.code, by_sound, known=True, bare=bare
        )

    def _resolved(self, pieces: list[Piece]) -> list[Piece]:
        """Give each piece its right name; of places that share one, that which lies in a place said before."""
        said: set[str] = set()
        resolved = []
        for piece in pieces:
            places = self._named[piece.value]
            within = [p for p in places if self._ancestors[p] & said]
            chosen = within or places
            full = [p for p in chosen if fold(p.name).letters == piece.value] or chosen
            names = {p.name for p in full}
            place = full[0]
            value = place.name if len(names) == 1 else piece.value
            code = place.code if len(full) == 1 else ""
            said.add(value)
            level = place.level if len(names) == 1 else _widest(full)
            resolved.append(replace(piece, level=level, value=value, code=code))
        return resolved


def _believed(ground: Ground, sure: list[Piece], short: list[Piece]) -> list[Piece]:
    """Return those short names that their surroundings speak for.

    Characters need a place beside them, a word such as 在 before them, or to stand free between words that no name
    contains (at its end, too, unless it is a longer name or a county's). Sounds need more: a place or 在 before them
    and no name going on behind. Neither may reach into the ending of a name (北路 is no likeness of 北炉).
    """
    in_ending = bytearray(len(ground.letters) + 2)
    begins = set()
    for hit in ground.reading.hits.get("suffix", ()):
        if hit.value != "weak":
            in_ending[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
            begins.add(hit.start)
    ends = {p.end for p in sure}
    next_places = {p.start for p in sure} | {p.start for p in short if not p.by_sound}
    believed = []
    for piece in sorted(short, key=lambda p: (p.start, p.by_sound, -p.end)):
        if any(in_ending[piece.start : piece.end]):
            continue
        announced = piece.start in ends or ground.cued(piece.start)
        closed = ground.is_end(piece.end) or piece.end in next_places
        telling = piece.level in _WIDE or piece.end - piece.start > _SHORT
        if piece.by_sound:
            fits = announced and ground.is_end(piece.end) and not begins & {piece.end, piece.end + 1}
        else:
            fits = announced or (ground.is_start(piece.start) and (closed or telling))
        if fits:
            believed.append(piece)
            ends.add(piece.end)
    return believed


def _widest(places: list[Place]) -> Level:
    order = list(Level)
    return min((place.level for place in places), key=order.index)
