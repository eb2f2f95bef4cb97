"""The numbered pieces of a place: 八十八号, 三单元二楼, A座, 国道三一六, K十五加三百."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.facts.fact import Level
from triage.facts.ground import Ground, Piece, Standing
from triage.facts.numerals import DIGIT, DIGITS, NUMERAL, amount, reading

_UNITS = {
    unit: level
    for level, units in {
        Level.VILLAGE: "组 大队 队 社 村",
        Level.ROAD: "街 号线",
        Level.NUMBER: "号 弄 巷",
        Level.SITE: "区 期 号院 号地块",
        Level.BUILDING: "栋 幢 座 排 车间 号楼 号厂房 号仓库 号车间",
        Level.UNIT: "单元 梯 门",
        Level.FLOOR: "楼 层",
        Level.ROOM: "室 房 房间 包厢 号房 号店 号铺 号摊 号台",
        Level.NEAR: "号门 号口 号出口 号站台",
    }.items()
    for unit in units.split()
}
_ALONE = {"号楼", "栋", "幢", "单元", "室", "号院", "号房", "楼", "房间", "包厢"}
"""Units that make a place by themselves: 我在三栋."""
_NEVER_BEFORE = {
    row.split()[0]: tuple(row.split()[1:])
    for row in (
        "号 路 桥 井 坝 码 召 称 令 外 脉 大街 大道 公路 街坊",
        "楼 梯 房 盘 道 上下",
        "层 高 次 面 楼高 楼的 楼房",
        "室 内 外 友",
        "房 子 屋 租 产 东",
        "组 织 合 长 员",
        "队 伍 长 员",
        "社 会 区 保",
        "区 别 域 分",
        "期 间 限 待",
        "排 队 水 放 名",
        "座 位 谈",
        "门 口 外",
        "村 民",
        "街 道 坊",
        "栋 楼 房 别",
        "梯 子",
    )
}
"""What makes another word of a unit: 三号路 is a road, 五层楼 a height."""
_COUNTED = {"座", "排"}  # 一座桥 is a count; 两 always is
_SHORT_HOUSE = 3  # digits of 302房; 三房 is a flat's size
_NUMBER = f"[{NUMERAL}]{{1,7}}"
_PIECE = re.compile(
    f"(?:第|负|地下)?(?:[a-z]{{0,2}}{_NUMBER}(?:[杠之]{_NUMBER}){{0,3}}[a-z]?|[a-z]|[诶欸](?=[栋座幢区]))"
    f"(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})"
)
_SPOKEN_A = "诶欸"
_FLAT = re.compile(f"[{NUMERAL}]{{1,2}}[厅卫]")
_ROAD_NUMBER = re.compile(
    f"(?P<first>国道|省道|县道|乡道)[gsx]?(?P<after>[{DIGITS}]{{2,4}})线?"
    f"|[gsx]?(?P<before>[{DIGITS}]{{2,4}})(?P<second>国道|省道|县道|乡道)"
    f"|(?P<code>[gs])(?P<plain>[{DIGITS}]{{1,4}})(?![{NUMERAL}a-jl-z])"
)
_KILOMETRE = re.compile(
    f"(?:(?P<k>k)(?P<km>{_NUMBER})(?:加(?P<m>{_NUMBER})米?)?"
    f"|(?P<heard>[开凯科克])(?P<hkm>{_NUMBER})加(?P<hm>{_NUMBER})米?"
    f"|(?P<at>{_NUMBER})公里(?:加?(?P<atm>{_NUMBER})米)?)处?"
)


def find_numbered(ground: Ground) -> list[Piece]:
    """Find the pieces that a number makes; a number that belongs to a time, a telephone or a plate makes none."""
    found = [*_roads(ground), *_kilometres(ground)]
    taken = bytearray(len(ground.letters))
    for piece in found:
        taken[piece.start : piece.end] = b"\1" * (piece.end - piece.start)
    found += [p for p in _units(ground) if not any(taken[p.start : p.end])]
    return sorted(found, key=lambda p: p.start)


def _units(ground: Ground) -> Iterator[Piece]:
    letters = ground.letters
    for match in _PIECE.finditer(letters):
        unit = match["unit"]
        start = _after_pause(ground, match.start(), match.start("unit"))
        said = letters[start : match.start("unit")]
        number = said.removeprefix("第")
        if not said or _begins_a_word(ground, unit, match.end()) or not ground.is_free(start, match.end()):
            continue
        if number == "两" or (number == "一" and unit in _COUNTED):
            continue
        if unit == "房" and len(number) < _SHORT_HOUSE:
            continue
        if unit == "室" and _FLAT.match(letters, match.end()):
            continue
        lettered = unit == "座" and number.isascii() and number.isalpha()
        alone = unit in _ALONE or said.startswith(("负", "地下")) or lettered
        level = _UNITS[unit]
        standing = Standing.NEAR if level is Level.NEAR else Standing.NAME if alone else Standing.NUMBER
        written = (amount(said) if level is Level.FLOOR else None) or _written(said)
        yield Piece(level, start, match.end(), written + unit, standing)


def _begins_a_word(ground: Ground, unit: str, at: int) -> bool:
    """Tell whether the unit belongs to what follows it: 三号路; not where that is a word of its own: 三号 路灯."""
    own = ground.edges.get(at, 0) > at + 1 or ground.relations.get(at, 0) > at + 1
    return not own and ground.letters.startswith(_NEVER_BEFORE.get(unit, ()), at)


def _after_pause(ground: Ground, start: int, end: int) -> int:
    """Return where the number begins: it reaches over no pause (47-6单元), nor from 576 into 九楼."""
    letters = ground.letters
    for place in range(end - 1, start, -1):
        left, right = letters[place - 1], letters[place]
        mixed = left in DIGIT and right in DIGIT and left.isascii() != right.isascii()
        if mixed or place in ground.reading.pauses:
            return place
    return start


def _written(said: str) -> str:
    """Write a number with what stands around it: 第三, a五零七, 三杠二零一."""
    return (
        re.sub(f"[{NUMERAL}]+", lambda m: reading(m[0]), said).upper().replace("杠", "-").translate(_LETTERS)
    )


_LETTERS = str.maketrans(dict.fromkeys(_SPOKEN_A, "A"))


def _roads(ground: Ground) -> Iterator[Piece]:
    for match in _ROAD_NUMBER.finditer(ground.letters):
        kind = match["first"] or match["second"]
        number = reading(match["after"] or match["before"] or match["plain"])
        value = number + kind if kind else match["code"].upper() + number
        if ground.is_free(*match.span()):
            yield Piece(Level.ROAD, match.start(), match.end(), value, Standing.NAME)


def _kilometres(ground: Ground) -> Iterator[Piece]:
    letters = ground.letters
    for match in _KILOMETRE.finditer(letters):
        if not ground.is_free(*match.span()):
            continue
        km, metres = match["km"] or match["hkm"] or match["at"], match["m"] or match["hm"] or match["atm"]
        if match["k"] and not metres:  # K15+300 as written: the plus sign is no letter
            cut = _after_pause(ground, match.start("km"), match.end("km"))
            if cut > match.start("km"):
                km, metres = letters[match.start("km") : cut], letters[cut : match.end("km")]
        value = f"K{reading(km)}" + (f"+{reading(metres)}" if metres else "")
        sure = match["k"] or match["heard"] or match[0][-1] == "处" or metres
        yield Piece(
            Level.MILEAGE, match.start(), match.end(), value, Standing.NAME if sure else Standing.NUMBER
        )
