"""Places: the pieces that were found, joined to one fact where they are said in one go (邵武市五一路八十八号三单元)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from triage.facts.fact import Kind, Level
from triage.facts.found import Found
from triage.facts.ground import Ground, Piece, Standing
from triage.facts.known import KnownPlaces
from triage.facts.named import find_named
from triage.facts.numbered import find_numbered
from triage.facts.numerals import DIGITS, reading
from triage.facts.reading import Reading, WordLists

_RANK = {level: rank for rank, level in enumerate(Level)}
_CROSSING = {"和", "与", "跟", "还有"}
_LINKS = _CROSSING | {"的", "那", "那个", "这个", "这边", "里", "里的", "上的", "靠近"}
_LINKS |= {"里面的", "那边的", "这边的", "附近的", "旁边的"}
_LINK_LENGTH = 3
_BARE = re.compile(f"[a-z]?[{DIGITS}]{{1,5}}[a-z]?(?![{DIGITS}])")
_COUNTED = frozenset("十百千万个人块元分点年月天次岁米公斤度辆台条只头家名位毛角号倍吨路秒周星小多楼层线")
"""Behind a bare number these make it a count of something and no room."""
_UNNUMBERED = {Level.PROVINCE, Level.CITY, Level.COUNTY, Level.TOWN, Level.MILEAGE, Level.NEAR}
_DASHES = frozenset("-－—–_#/")
_SHORTEST_BARE = 2  # digits of a room said without a dash or a unit
_COMPASS = frozenset("东西南北中")
_TOWARDS = re.compile("(?:往|向|朝|去|到|开往|通往)(?P<where>[一-龥]{1,6}?)方向")

_NOWHERE = {"反", "相反", "同", "一", "两", "各", "错"}


class PlaceFinder:
    """Finds places, with a gazetteer or without."""

    def __init__(self, lists: WordLists, known: KnownPlaces | None) -> None:
        self._lists = lists
        self._known = known

    def find(self, text: Reading, others: Sequence[Found]) -> list[Found]:
        """Find all places; `others` are the facts of other kinds, which no place reaches over."""
        ground = Ground(text, self._lists.cues, others)
        pieces = list(_directions(ground))
        for finder in (self._known.find if self._known else None, find_numbered):
            if finder:
                pieces += _apart_from(pieces, finder(ground))
        pieces = find_named(ground, self._lists.ordinary, pieces)
        pieces = _with_near(ground, _with_rooms(ground, pieces))
        return [_fact(chain) for chain in _chains(ground, pieces) if _is_place(ground, chain)]


def _apart_from(pieces: Sequence[Piece], more: Sequence[Piece]) -> list[Piece]:
    taken = {i for piece in pieces for i in range(piece.start, piece.end)}
    return [piece for piece in more if not any(i in taken for i in range(piece.start, piece.end))]


def _directions(ground: Ground) -> Iterator[Piece]:
    """Find where somebody went or a road leads: 往光泽方向."""
    for match in _TOWARDS.finditer(ground.letters):
        clean = not ground.holds_edge(*match.span("where")) and match["where"] not in _NOWHERE
        if clean and ground.is_free(*match.span()) and ground.reading.unbroken(*match.span()):
            yield Piece(Level.NEAR, match.start(), match.end(), match[0], Standing.NAME)


def _with_rooms(ground: Ground, pieces: list[Piece]) -> list[Piece]:
    """Add the bare numbers right behind a piece: 八栋三零二, 阳光花园 47-6-746; and the side of a road: 广州大道北."""
    result: list[Piece] = []
    for i, piece in enumerate(pieces):
        following = pieces[i + 1] if i + 1 < len(pieces) else None
        limit = following.start if following else len(ground.letters)
        level, at = piece.level, piece.end
        if level is Level.ROAD and following and limit == at + 1 and ground.letters[at] in _COMPASS:
            at = limit
            result.append(replace(piece, end=at, value=piece.value + ground.letters[at - 1]))
        else:
            result.append(piece)
        while level not in _UNNUMBERED and (end := _bare_number(ground, at, limit)):
            level = Level.NUMBER if level is Level.ROAD else Level.ROOM
            result.append(Piece(level, at, end, reading(ground.letters[at:end]).upper(), Standing.NEAR))
            at = end
    return result


def _bare_number(ground: Ground, at: int, limit: int) -> int:
    """Return the end of a number without a unit that begins here, 0 where there is none."""
    pauses = ground.reading.pauses
    pause = next((i for i in range(at + 1, min(limit, at + 8)) if i in pauses), limit)
    match = _BARE.match(ground.letters, at, min(limit, pause))
    if not match or not ground.is_free(*match.span()):
        return 0
    end = match.end()
    dashed = _is_dash(ground, at) or (end == pause and _is_dash(ground, end))
    if end < len(ground.letters) and end not in pauses and ground.letters[end] in _COUNTED:
        return 0
    return end if dashed or end - at >= _SHORTEST_BARE else 0


def _is_dash(ground: Ground, at: int) -> bool:
    """Tell whether a dash was written before this letter."""
    spoken = ground.reading.spoken
    return at in ground.reading.pauses and spoken.original[spoken.places[at] - 1] in _DASHES


def _with_near(ground: Ground, pieces: list[Piece]) -> list[Piece]:
    """Add what says where exactly, close behind a piece: 门口, 对面, 路口; several may follow each other."""
    result: list[Piece] = []
    for i, piece in enumerate(pieces):
        result.append(piece)
        limit = pieces[i + 1].start if i + 1 < len(pieces) else len(ground.letters)
        at = piece.end
        while True:
            start = at + 1 if ground.letters[at : at + 1] == "的" and at + 1 in ground.relations else at
            end = ground.relations.get(start, 0)
            if not end or end > limit or not ground.is_free(start, end):
                break
            result.append(Piece(Level.NEAR, start, end, ground.letters[start:end], Standing.NEAR))
            at = end
    return result


def _chains(ground: Ground, pieces: list[Piece]) -> list[list[Piece]]:
    chains: list[list[Piece]] = []
    widest = 0
    for piece in pieces:
        rank = 0 if piece.level is Level.NEAR else _RANK[piece.level]
        if chains and _follows(ground, chains[-1][-1], piece, widest):
            chains[-1].append(piece)
            widest = max(widest, rank)
        else:
            chains.append([piece])
            widest = rank
    return chains


def _follows(ground: Ground, last: Piece, piece: Piece, deepest: int) -> bool:
    """Tell whether a piece goes on with the place before it, of which `deepest` is the narrowest level so far."""
    gap = ground.letters[last.end : piece.start]
    if len(gap) > _LINK_LENGTH or (gap and gap not in _LINKS):
        return False
    if piece.level is Level.MILEAGE and piece.standing is Standing.NUMBER and last.level is not Level.ROAD:
        return False  # 离阳光花园三公里 is a distance
    if gap in _CROSSING:
        return last.level is piece.level is Level.ROAD
    paused = any(i in ground.reading.pauses for i in range(last.end, piece.start + 1))
    return not (gap or paused) or _RANK[piece.level] > deepest or piece.standing is not Standing.NAME


def _is_place(ground: Ground, chain: list[Piece]) -> bool:
    if any(piece.standing is Standing.NAME for piece in chain):
        return True
    real = [piece for piece in chain if piece.standing is not Standing.NEAR]
    if len(real) != 1:
        return bool(real)
    near = len(chain) > 1
    if real[0].standing is Standing.WEAK:
        return near or ground.cued(chain[0].start)
    return near and (real[0].level in (Level.NUMBER, Level.FLOOR) or chain[1].level is Level.ROOM)


def _fact(chain: list[Piece]) -> Found:
    value = ""
    before: Piece | None = None
    for piece in chain:
        numbers = value[-1:].isdigit() and piece.value[:1].isdigit()
        crossing = before is not None and before.level is piece.level is Level.ROAD
        value += ("-" if numbers else "/" if crossing else "") + piece.value
        before = piece
    return Found(Kind.PLACE, chain[0].start, chain[-1].end, value, tuple(piece.part() for piece in chain))
