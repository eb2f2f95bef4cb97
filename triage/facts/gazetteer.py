"""A county's own list of places, from a CSV file (docs/places.md)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from triage.errors import TriageError
from triage.facts.fact import Level
from triage.spoken_text import fold

_LISTED = (Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWN, Level.VILLAGE, Level.ROAD, Level.SITE)
_LEVELS = {level.value: level for level in _LISTED}
_DEPTHS = _LISTED[:5]
_OWN = ("name", "level", "parent", "code", "aliases")
_DIVISIONS = ("id", "pid", "deep", "name", "ext_name")
_LONGEST = 40  # characters of a name; longer ones are a broken row
_FIELD_LIMIT = 100_000  # characters of one cell


class GazetteerError(TriageError):
    """A gazetteer file cannot be used; `line` counts from 1, 0 is the whole file."""

    def __init__(self, file: Path, line: int, problem: str) -> None:
        super().__init__(f"{file}:{line}: {problem}" if line else f"{file}: {problem}")
        self.file = file
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the list."""

    name: str
    """Its full name, 昭阳街道."""
    level: Level
    parent: str = ""
    """Code or name of what it lies in; empty where the list does not say."""
    code: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All places of a list."""

    places: tuple[Place, ...]

    @classmethod
    def load(cls, file: Path) -> Gazetteer:
        """Load a file; raises GazetteerError naming the line of the first mistake.

        Takes the project's own columns (name, level, parent, code, aliases), and as they are the public lists of
        administrative divisions with the columns id, pid, deep, name, ext_name.
        """
        return cls(tuple(_places(file)))

    def ancestors(self) -> Mapping[Place, frozenset[str]]:
        """Return for each place the full names of all that it lies in."""
        known: dict[str, Place] = {}
        for place in self.places:
            known.setdefault(place.name, place)
        known.update({place.code: place for place in self.places if place.code})
        found: dict[Place, frozenset[str]] = {}
        for place in self.places:
            names: set[str] = set()
            above = known.get(place.parent)
            while above and above.name not in names and above is not place:
                names.add(above.name)
                above = known.get(above.parent)
            found[place] = frozenset(names)
        return found


def _places(file: Path) -> Iterator[Place]:
    rows = list(_rows(file))
    columns = rows[0][1]
    missing = [set(shape) - set(columns) for shape in (_OWN[:2], _DIVISIONS)]
    if all(missing):
        raise GazetteerError(
            file, 1, f"the first line names the columns: {', '.join(_OWN)}; the last three may be left out"
        )
    unknown = set(columns) - set(_OWN) if not missing[0] else set()
    if unknown:
        raise GazetteerError(file, 1, f"unknown column {min(unknown)!r}; there are: {', '.join(_OWN)}")
    read = _own if not missing[0] else _division
    first_lines: dict[str, int] = {}
    parents: list[tuple[int, str]] = []
    names: set[str] = set()
    for line, cells in rows[1:]:
        if len(cells) != len(columns):
            problem = f"{len(cells)} cells, but {len(columns)} columns: look for a comma or quote"
            raise GazetteerError(file, line, problem)
        place = read(file, line, dict(zip(columns, cells, strict=True)))
        if place.code and first_lines.setdefault(place.code, line) != line:
            raise GazetteerError(
                file, line, f"code {place.code!r} stands already in line {first_lines[place.code]}"
            )
        names.add(place.name)
        if place.parent:
            parents.append((line, place.parent))
        yield place
    if read is _own:
        for line, parent in parents:
            if parent not in names and parent not in first_lines:
                raise GazetteerError(
                    file, line, f"no row has the code or the name {parent!r} that this one lies in"
                )


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with its line."""
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        raise GazetteerError(file, 0, f"cannot be read as UTF-8 text: {wrong}") from wrong
    previous = csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    empty = True
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                empty = False
                empty = False
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as wrong:
        raise GazetteerError(file, reader.line_num, f"not well-formed CSV: {wrong}") from wrong
    finally:
        csv.field_size_limit(previous)
    if empty:
        raise GazetteerError(file, 0, f"is empty: its first line names the columns {', '.join(_OWN)}")


def _own(file: Path, line: int, row: dict[str, str]) -> Place:
    level = _LEVELS.get(row["level"])
    if level is None:
        raise GazetteerError(file, line, f"unknown level {row['level']!r}; there are: {', '.join(_LEVELS)}")
    aliases = tuple(alias.strip() for alias in row.get("aliases", "").split("|") if alias.strip())
    for name in (row["name"], *aliases):
        _check_name(file, line, name)
    return Place(row["name"], level, row.get("parent", ""), row.get("code", ""), aliases)


def _division(file: Path, line: int, row: dict[str, str]) -> Place:
    depth = row["deep"]
    if depth not in tuple(str(d) for d in range(len(_DEPTHS))):
        raise GazetteerError(file, line, f"deep is {depth!r}: 0 is a province, 3 a town")
    name, short = row["ext_name"], row["name"]
    _check_name(file, line, name)
    aliases = (short,) if short and short != name else ()
    return Place(name, _DEPTHS[int(depth)], row["pid"], row["id"], aliases)


def _check_name(file: Path, line: int, name: str) -> None:
    if not fold(name).letters:
        raise GazetteerError(file, line, "a name is missing, or has no letter in it")
    if len(name) > _LONGEST:
        raise GazetteerError(
            file, line, f"the name {name[:_LONGEST]!r}… is longer than {_LONGEST} characters"
        )


def names_of(places: Iterable[Place]) -> Iterator[tuple[str, Place, bool]]:
    """Yield every name a place is called by, folded, and whether it is only its own without 省, 市, 县, 街道."""
    for place in places:
        full = fold(place.name).letters
        yield full, place, False
        if stem := _stem(full, place.level):
            yield stem, place, True
        for alias in place.aliases:
            if (letters := fold(alias).letters) and letters not in (full, stem):
                yield letters, place, False


_ENDINGS = {
    Level.PROVINCE: ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "特别行政区", "省", "市"),
    Level.CITY: ("市", "地区"),
    Level.COUNTY: ("县", "区", "市"),
    Level.TOWN: ("街道办事处", "街道", "镇", "乡"),
    Level.VILLAGE: ("社区居委会", "村委会", "社区", "村"),
}
_SHORTEST_STEM = 2


def _stem(full: str, level: Level) -> str:
    for ending in _ENDINGS.get(level, ()):
        if full.endswith(ending):
            stem = full.removesuffix(ending)
            return stem if len(stem) >= _SHORTEST_STEM else ""
    return ""
