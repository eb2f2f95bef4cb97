"""Names by their ending: 五一路, 水北镇, 阳光花园, 实验小学; how far to the left one reaches is the difficulty.

It reaches back to the last word that no name contains (在, 看到, 着火), pause, fact of another kind or piece already
found. Where none of these is near, it is cut to the usual length of such names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from triage.facts.fact import Level
from triage.facts.ground import Ground, Piece, Standing
from triage.facts.numerals import DIGIT, NUMERAL, UNIT
from triage.facts.reading import Hit, longest_apart


@dataclass(frozen=True, slots=True)
class _Shape:
    """What names with these endings look like; lengths in letters, without the ending."""

    level: Level
    shortest: int
    longest: int
    usual: int
    weak: bool = False


_SHAPES = {
    "province": _Shape(Level.PROVINCE, 2, 4, 2),
    "city": _Shape(Level.CITY, 2, 6, 2),
    "county": _Shape(Level.COUNTY, 1, 6, 2),
    "town": _Shape(Level.TOWN, 1, 5, 2),
    "village": _Shape(Level.VILLAGE, 1, 5, 2),
    "road": _Shape(Level.ROAD, 1, 5, 2),
    "site": _Shape(Level.SITE, 1, 8, 4),
    "weak": _Shape(Level.SITE, 2, 6, 3, weak=True),
}
_SHORT_NAME = 2  # letters of 桐乡 in 桐乡市; a longer name with its ending is complete
_LONGEST_GROWN = 12
_DIRECTIONS = frozenset("东西南北中一二三四五六前后上下")
_FILLERS = frozenset("个儿呃嗯啊哦额边面号处家间座栋辆所些位")
_SHORT_ROADS = frozenset("东西南北中大新老一二三")
_NUMERALS = frozenset([*DIGIT, *UNIT])
_BUSES = ("公交", "车", "公车", "汽车")
_COUNT = re.compile(f"[{NUMERAL}几多]+[个座条家所栋间处片支名]")
"""At the beginning of a name it shows a count: 五个村, 30座水库."""
_LONG_NUMBER = 3  # digits at a name's beginning; so many are a room or a house number left over
_NAMED_ZONES = ("区", "村", "街", "巷", "弄", "组", "社", "队")
_ZONE_NAME = 4  # letters that a numbered zone's name may have: 胜利二区
_PEACE = ("和平", "和谐", "和顺", "和睦", "和兴", "和美", "和田", "和县")


def find_named(ground: Ground, ordinary: frozenset[str], pieces: Sequence[Piece]) -> list[Piece]:
    """Return `pieces` (found before, apart) with all names by ending between them, in the order of the text."""
    pending = sorted(pieces, key=lambda p: p.start)
    done: list[Piece] = []
    at = 0
    for hit in _endings(ground):
        while at < len(pending) and pending[at].start < hit.start:
            done.append(_zone(ground, pending[at], done[-1] if done else None))
            at += 1
        if (at < len(pending) and pending[at].start < hit.end) or not ground.is_free(hit.start, hit.end):
            continue
        if done and done[-1].known and done[-1].start < hit.start < done[-1].end < hit.end:
            done[-1:] = _overlapping(ground, done[-1], hit)
            continue
        if done and done[-1].end > hit.start:
            continue
        if piece := _piece(ground, hit, done[-1] if done else None, ordinary):
            if done and done[-1].end > piece.start:
                done.pop()
            done.append(piece)
    for piece in pending[at:]:
        done.append(_zone(ground, piece, done[-1] if done else None))
    return done


def _endings(ground: Ground) -> list[Hit]:
    """Return the endings that count: the longest where they overlap, none that a word like 马路 swallows."""
    hits = [h for h in ground.reading.hits.get("suffix", ()) if not ground.covered(h.start, h.end)]
    return longest_apart(hits)


def _overlapping(ground: Ground, known: Piece, hit: Hit) -> list[Piece]:
    """Settle a known place and an ending that begins inside it: 水北街道|办, 和平镇|政府, but 邵武|市场."""
    tail = ground.letters[known.end : hit.end]
    if hit.value == "town":
        return [replace(known, end=hit.end, value=known.value + tail)]
    if any(ending.start == known.end for ending in ground.endings_at(hit.end)):
        return [known, Piece(Level.SITE, known.end, hit.end, tail, Standing.WEAK)]
    whole = ground.letters[known.start : hit.end]
    return [Piece(_SHAPES[hit.value].level, known.start, hit.end, whole, Standing.NAME)]


def _zone(ground: Ground, piece: Piece, last: Piece | None) -> Piece:
    """Give a numbered zone the name that stands before it: 胜利二区, 新华三村."""
    if piece.standing is not Standing.NUMBER or not piece.value.endswith(_NAMED_ZONES):
        return piece
    floor = max(ground.floor(piece.start), ground.behind(last.end, piece.start) if last else 0)
    if not 1 < piece.start - floor <= _ZONE_NAME:
        return piece
    level = Level.ROAD if piece.level is Level.NUMBER else piece.level
    return replace(
        piece, level=level, start=floor, value=ground.letters[floor : piece.end], standing=Standing.NAME
    )


def _piece(ground: Ground, hit: Hit, last: Piece | None, ordinary: frozenset[str]) -> Piece | None:
    letters = ground.letters
    shape = _SHAPES[hit.value]
    floor = max(ground.floor(hit.start), ground.behind(last.end, hit.start) if last else 0)
    start = _start(ground, hit, shape, floor)
    adjoining = last if last and last.end == start else None
    name = letters[start : hit.start]
    if adjoining and ground.edges.get(hit.start, 0) > hit.end:
        return None  # 五号|路灯, 阳光花园|楼道: the ending begins another word
    if adjoining and (grown := _grown(letters, hit, shape, adjoining)):
        return grown
    if letters[start : hit.end] in ordinary:
        return None
    if adjoining and adjoining.level is Level.SITE and shape.level is Level.COUNTY and name in _DIRECTIONS:
        shape = _SHAPES["site"]  # an estate's 北区
    return _new(letters, start, hit, shape)


def _new(letters: str, start: int, hit: Hit, shape: _Shape) -> Piece | None:
    """Return a name of its own; an ending alone is one only where it says enough (医院, 步行街), and needs more."""
    name, whole = letters[start : hit.start], letters[start : hit.end].upper()
    if not name:
        says_enough = shape.level is Level.SITE or (shape.level is Level.ROAD and len(whole) > _SHORT_NAME)
        return (
            Piece(shape.level, start, hit.end, whole, Standing.WEAK)
            if says_enough and not shape.weak
            else None
        )
    bus = shape.level is Level.ROAD and _is_bus(letters, name, hit.end)
    if len(name) < shape.shortest or _COUNT.match(name) or bus:
        return None
    return Piece(shape.level, start, hit.end, whole, Standing.WEAK if shape.weak else Standing.NAME)


def _start(ground: Ground, hit: Hit, shape: _Shape, floor: int) -> int:
    letters = ground.letters
    start = floor
    while start < hit.start and floor > 0 and letters[start] in _FILLERS:
        start += 1
    if letters.startswith("和", start) and hit.start - start > 2 and not letters.startswith(_PEACE, start):
        start += 1
    digits = start
    while digits < hit.start and letters[digits] in _NUMERALS:
        digits += 1
    if digits - start >= _LONG_NUMBER and digits < hit.start:
        start = digits
    if hit.start - start <= shape.longest:
        return start
    directed = shape.level is Level.ROAD and letters[hit.start - 1] in _DIRECTIONS
    return hit.start - shape.usual - directed


def _grown(letters: str, hit: Hit, shape: _Shape, before: Piece) -> Piece | None:
    """Join an ending to the piece right before it where both are one name: 杭州|路, 柳市|镇, 体育场|路, 江|东区."""
    name = letters[before.end : hit.start]
    if before.standing in (Standing.NUMBER, Standing.NEAR) or before.by_sound:
        return None
    short = before.end - before.start <= _SHORT_NAME
    if before.known:
        fits = before.bare and (not name or (shape.level is Level.ROAD and name in _SHORT_ROADS))
    elif name:
        weak = before.standing is Standing.WEAK and len(name) == 1 and not shape.weak
        fits = weak or (short and shape.level is Level.ROAD and name in _DIRECTIONS)
    elif shape.level is Level.SITE:
        fits = before.level in (Level.SITE, Level.ROAD) and not shape.weak
    elif shape.level is Level.ROAD:
        fits = before.level in (Level.SITE, Level.VILLAGE) or (short and before.level is not Level.ROAD)
    else:
        fits = short or before.standing is Standing.WEAK or before.level in (Level.SITE, Level.ROAD)
    if not fits or hit.end - before.start > _LONGEST_GROWN:
        return None
    return Piece(shape.level, before.start, hit.end, letters[before.start : hit.end], Standing.NAME)


def _is_bus(letters: str, name: str, end: int) -> bool:
    """Tell 三路, 10路 and 十二路公交 from roads; 一路 is "all the way"."""
    if name[-1].isascii() or (len(name) == 1 and name in _NUMERALS):
        return True
    return letters.startswith(_BUSES, end) and name[-1] in _NUMERALS
