"""Telephone numbers said digit by digit: 幺三八零零…, 一三八 零零一二 …, 零五九九 …, 四个八.

A number counts by its shape alone where the shape is certain (mobiles, area codes, 400); a bare local number or a
service number only after a word such as 电话. 110, 119, 120, 122 and identity or bank cards are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from triage.facts.fact import Kind
from triage.facts.found import Found
from triage.facts.numerals import DIGIT, DIGITS
from triage.facts.reading import Reading

_HEARD_AS = {
    "0": "洞林灵玲令", "1": "腰妖要邀夭药耀", "2": "而儿尔", "3": "山散", "4": "事是",
    "5": "午武", "6": "流溜刘", "7": "拐期气起", "8": "吧巴", "9": "勾久酒就",
}  # fmt: skip
_MISHEARD = {char: digit for digit, chars in _HEARD_AS.items() for char in chars}
"""What recognisers write for a digit; believed only inside a number that is complete with it."""
_RUN = re.compile(f"(?:[{DIGITS}{''.join(_MISHEARD)}]|(?<=[{DIGITS}])个(?=[{DIGITS}]))+")
_REPEATED = {"两": 2, "二": 2, "2": 2, "三": 3, "3": 3, "四": 4, "4": 4, "五": 5, "5": 5, "六": 6, "6": 6}
_MOBILE = re.compile(r"1[3-9]\d{9}")
_CERTAIN = (
    _MOBILE,
    re.compile(r"86(1[3-9]\d{9})"),
    re.compile(r"0(?:10|2\d)\d{8}"),
    re.compile(r"0[3-9]\d{2}\d{7,8}"),
    re.compile(r"[48]00\d{7}"),
    re.compile(r"00[1-9]\d{8,13}"),
)
_CUED = (re.compile(r"[2-8]\d{6,7}"), re.compile(r"9[56]\d{3}"), re.compile(r"100\d\d"), re.compile(r"12345"))
_CUES = re.compile("电话|座机|号码|联系方式|手机|打给|打过来|打来|拨打|客服|热线|打")
_CUE_REACH = 12  # letters before a number in which a cue counts
_SHORTEST = 5
_LONGEST = 40  # digits; more in one breath are no telephone number, whatever stands inside them
_BELIEVED = 3  # misheard digits in one number; with more it is only talk
_ROOM = 4  # digits of a room that may run into a mobile number: 三零二幺三八…
_MOBILE_LENGTH = 11


@dataclass(frozen=True, slots=True)
class _Digit:
    digit: str
    start: int
    end: int
    plain: bool
    after_break: bool


def find_phones(reading: Reading) -> list[Found]:
    """Find all telephone numbers; `value` is their digits."""
    found: list[Found] = []
    for run in _RUN.finditer(reading.letters):
        if run.end() - run.start() >= _SHORTEST:
            found += _phones_in(reading, _tokens(reading, run.start(), run.end()))
    return found


def _tokens(reading: Reading, start: int, end: int) -> list[_Digit]:
    letters, places = reading.letters, reading.spoken.places
    tokens: list[_Digit] = []
    i = start
    while i < end:
        broken = i > 0 and places[i] - places[i - 1] > 1
        char = letters[i]
        if i + 2 < end and letters[i + 1] == "个" and char in _REPEATED and letters[i + 2] in DIGIT:
            digit = str(DIGIT[letters[i + 2]])
            tokens += [_Digit(digit, i, i + 3, True, broken and not n) for n in range(_REPEATED[char])]
            i += 3
            continue
        if char != "个":
            plain = char in DIGIT
            digit = str(DIGIT[char]) if plain else _MISHEARD[char]
            tokens.append(_Digit(digit, i, i + 1, plain, broken))
        i += 1
    return tokens


def _phones_in(reading: Reading, tokens: list[_Digit]) -> list[Found]:
    """Read one run of digits: the whole of it, then without what was misheard at its ends, then by its breaks."""
    inner = _stripped(tokens)
    for whole in (tokens, inner, _stripped(tokens, front=False), _stripped(tokens, back=False)):
        if len(whole) <= _LONGEST and (phone := _whole(reading, whole)):
            return [phone]
    found: list[Found] = []
    edges = [i for i, token in enumerate(inner) if token.after_break or not i]
    after = 0
    for edge in edges:
        end = edge + _MOBILE_LENGTH
        if edge >= after and _ends(inner, end) and (phone := _mobile(inner[edge:end])):
            found.append(phone)
            after = end
    if not found and _MOBILE_LENGTH < len(inner) <= _MOBILE_LENGTH + _ROOM:
        tail = _mobile(inner[-_MOBILE_LENGTH:])
        found = [tail] if tail else []
    return found


def _stripped(tokens: list[_Digit], *, front: bool = True, back: bool = True) -> list[_Digit]:
    first, last = 0, len(tokens)
    while front and first < last and not tokens[first].plain:
        first += 1
    while back and last > first and not tokens[last - 1].plain:
        last -= 1
    return tokens[first:last]


def _ends(tokens: list[_Digit], index: int) -> bool:
    return index >= len(tokens) or tokens[index].after_break


def _whole(reading: Reading, tokens: list[_Digit]) -> Found | None:
    if not tokens or sum(not token.plain for token in tokens) > _BELIEVED:
        return None
    number = "".join(token.digit for token in tokens)
    start = tokens[0].start
    for shape in _CERTAIN:
        if match := shape.fullmatch(number):
            return _found(tokens, match[match.lastindex or 0])
    if any(shape.fullmatch(number) for shape in _CUED):
        before = reading.letters[max(0, start - _CUE_REACH) : start]
        if _CUES.search(before) and all(token.plain for token in tokens):
            return _found(tokens, number)
    return None


def _mobile(tokens: list[_Digit]) -> Found | None:
    number = "".join(token.digit for token in tokens)
    believed = sum(not token.plain for token in tokens) <= _BELIEVED
    return _found(tokens, number) if believed and _MOBILE.fullmatch(number) else None


def _found(tokens: list[_Digit], number: str) -> Found:
    return Found(Kind.PHONE, tokens[0].start, tokens[-1].end, number)
