"""Number plates as they are spoken: 闽H幺二三四五, 闽 艾奇 一二三 四五, 车牌号是 H 八八六, 尾号三六八.

The letters of the bundled speech model are Chinese syllables, so what stands between the province and the digits may be
any: it is then shown as `?`, as is a province that was not said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from triage.facts.fact import Kind
from triage.facts.found import Found
from triage.facts.numerals import DIGIT, DIGITS
from triage.facts.reading import Reading
from triage.sounds import SoundTable

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_RARE = "沪渝冀辽皖鲁浙赣鄂桂甘晋陕闽黔粤琼豫湘"
"""Those that hardly mean anything else; 新, 云, 青 and 宁 begin many words."""
_ENDINGS = "警学挂港澳使领"
_BODY = 5
_GREEN = 6  # places of a new-energy plate
_TRUE_DIGITS = 3  # of a body: fewer, and the rest letters' names, is more likely talk
_ODD_DIGITS = 4  # the same where the province was misheard
_UNKNOWN = 2  # letters of whatever the plate's letter was heard as
_CUE_REACH = 10
_CUE = re.compile("车牌|牌照|车号|牌号|辆|车是|车子是")
_CUED = re.compile("(?:车牌|牌照|车)(?:号码|号)?(?:好像|应该|就)?(?:是|为)?")
_TAIL = re.compile(
    f"(?:尾号|尾数|后三位|后四位|后几位)(?:好像|应该)?(?:是|为)?([{DIGITS}]{{3,5}})(?![{DIGITS}])"
)
_ENOUGH = re.compile(f"(?:[{DIGITS}].{{0,6}}?){{3}}", re.DOTALL)
"""Without three digits near each other there is no plate to look for."""
_CANDIDATE = re.compile(f"[{_PROVINCES}车牌]|.(?=[a-z])", re.DOTALL)
_LONGEST_NAME = 3  # characters of a letter's name: 达不溜
_TAIL_REACH = 6  # letters behind the digits in which 车 may follow: 尾号三六八的白色车
_SERVICE = {"12345", "95588", "10086", "10010"}


@dataclass(frozen=True, slots=True)
class _Body:
    text: str
    end: int
    true_digits: int


class _Scan:
    """Reads letters and bodies of plates from one text."""

    def __init__(self, reading: Reading, names: Mapping[str, str]) -> None:
        self._reading = reading
        self._names = names
        self.letters = reading.letters

    def _named(self, at: int) -> tuple[int, str] | None:
        """Read the name of a Latin letter, the longest that fits."""
        for length in range(_LONGEST_NAME, 0, -1):
            if letter := self._names.get(self.letters[at : at + length]):
                return at + length, letter
        return None

    def letter(self, at: int) -> tuple[int, str] | None:
        """Read the plate's letter; returns where its body begins, and the letter."""
        letters = self.letters
        if at >= len(letters):
            return None
        named = (at + 1, letters[at].upper()) if "a" <= letters[at] <= "z" else self._named(at)
        if not named:
            return None
        end, letter = named
        return (end + 1 if letters[end : end + 1] in ("点", "的") else end), letter

    def body(self, at: int) -> _Body | None:
        """Read the five or six places behind the letter; the last may be 警, 学, 挂 or the like."""
        letters = self.letters
        read = ""
        ends, true_digits = [at], [0]
        while len(read) < _GREEN and at < len(letters):
            char = letters[at]
            if char in DIGIT:
                read, at = read + str(DIGIT[char]), at + 1
            elif "a" <= char <= "z":
                read, at = read + ("0" if char == "o" else char.upper()), at + 1
            elif char in _ENDINGS and len(read) == _BODY - 1:
                return _Body(read + char, at + 1, true_digits[-1])
            elif named := self._named(at):
                at, name = named
                read += name
            else:
                break
            ends.append(at)
            true_digits.append(true_digits[-1] + read[-1].isdigit())
        if len(read) < _BODY:
            return None
        green = _is_green(read) and self._reading.unbroken(ends[_BODY - 1], ends[_GREEN])
        length = _GREEN if green else _BODY
        return _Body(read[:length], ends[length], true_digits[length])


def _is_green(read: str) -> bool:
    """Tell whether six places make a new-energy plate: a letter first (small cars) or last (large ones)."""
    return len(read) == _GREEN and (
        (read[0].isalpha() and read[2:].isdigit()) or (read[-1].isalpha() and read[:-1].isdigit())
    )


class PlateFinder:
    """Finds plates; knows how letters are called and how provinces' short names sound."""

    def __init__(self, table: SoundTable, letter_names: Mapping[str, str]) -> None:
        sounding: dict[str, list[str]] = {}
        for province in _PROVINCES:
            sounding.setdefault(table.heard(province)[0], []).append(province)
        self._table = table
        self._by_sound = {sound: named[0] for sound, named in sounding.items() if len(named) == 1}
        self._names = letter_names

    def find(self, reading: Reading) -> list[Found]:
        """Find all plates: `闽H12345`, what was not heard as `?`, the last digits alone as `…368`."""
        letters = reading.letters
        if not _ENOUGH.search(letters):
            return []
        places = (
            range(len(letters)) if _CUE.search(letters) else [m.start() for m in _CANDIDATE.finditer(letters)]
        )
        scan = _Scan(reading, self._names)
        found: list[Found] = []
        after = 0
        for at in places:
            if at >= after and (plate := self._at(scan, at)):
                found.append(plate)
                after = plate.end
        return found + _tails(reading)

    def _at(self, scan: _Scan, at: int) -> Found | None:
        letters = scan.letters
        char = letters[at]
        if char in _PROVINCES:
            return _after_province(scan, at, char)
        letter = scan.letter(at + 1)
        if letter and (letters[at + 1].isascii() or _has_cue(letters, at)):
            misheard = self._by_sound.get(self._table.heard(char)[0])
            body = scan.body(letter[0]) if misheard else None
            if misheard and body and body.true_digits >= _ODD_DIGITS:
                return Found(Kind.PLATE, at, body.end, misheard + letter[1] + body.text)
        return _cued(scan, at)


def _after_province(scan: _Scan, at: int, province: str) -> Found | None:
    letters = scan.letters
    if letter := scan.letter(at + 1):
        body = scan.body(letter[0])
        if body and body.true_digits >= _TRUE_DIGITS:
            return Found(Kind.PLATE, at, body.end, province + letter[1] + body.text)
    for skipped in range(_UNKNOWN + 1):
        after = at + 1 + skipped
        digits = _digits(letters, after)
        certain = province in _RARE and not skipped and digits not in _SERVICE
        if len(digits) == _BODY and (certain or _has_cue(letters, at)):
            return Found(Kind.PLATE, at, after + _BODY, f"{province}?{digits}")
        if digits:
            break
    return None


def _cued(scan: _Scan, at: int) -> Found | None:
    """Read a plate without its province, right after 车牌号 or the like."""
    letters = scan.letters
    cue = _CUED.match(letters, at) if letters[at] in "车牌" else None
    if not cue:
        return None
    start = cue.end()
    letter = scan.letter(start)
    body = scan.body(letter[0]) if letter else None
    if letter and body and body.true_digits >= _TRUE_DIGITS:
        return Found(Kind.PLATE, start, body.end, f"?{letter[1]}{body.text}")
    digits = _digits(letters, start)
    if len(digits) == _BODY and _has_cue(letters, start):
        return Found(Kind.PLATE, start, start + _BODY, f"??{digits}")
    return None


def _digits(letters: str, at: int) -> str:
    """Return the digits from here on, one more than a body at most."""
    read = ""
    for char in letters[at : at + _BODY + 1]:
        if char not in DIGIT:
            break
        read += str(DIGIT[char])
    return read


def _has_cue(letters: str, at: int) -> bool:
    return bool(_CUE.search(letters, max(0, at - _CUE_REACH), at))


def _tails(reading: Reading) -> list[Found]:
    """Find the last digits of a plate, where the words before speak of a car."""
    letters = reading.letters
    return [
        Found(Kind.PLATE, m.start(), m.end(), "…" + "".join(str(DIGIT[char]) for char in m[1]))
        for m in _TAIL.finditer(letters)
        if "车" in letters[max(0, m.start() - _CUE_REACH) : m.end() + _TAIL_REACH]
    ]
