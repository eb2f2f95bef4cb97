"""Numbers as they are spoken: digit by digit (三零二, 幺三八), by value (三百零二), or loosely (十几, 五六, 二十多).

An own reader and not a library: cn2an, the one that is kept, drops the leading zeros that rooms and telephones need
(零二 becomes 2), refuses 十几 and 五六, and reads no digit beside 百.
"""

from __future__ import annotations

_SAID = ("0零〇", "1一幺", "2二两", "3三", "4四", "5五", "6六", "7七", "8八", "9九")
DIGIT = {char: digit for digit, chars in enumerate(_SAID) for char in chars}
UNIT = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
DIGITS = "0-9零〇一幺二两三四五六七八九"
"""The digits, for a regular expression's character class."""
NUMERAL = DIGITS + "十百千万"
"""Everything that a number is written with, for a character class."""
_LONGEST = 12  # characters; longer ones are no counts, and reading them would cost more than they say
_WRITTEN = "零一二三四五六七八九"
_PLAIN_ONE = 10  # the unit that needs no 一 before it
_MYRIAD = 10_000


def digits(text: str) -> str | None:
    """Return the digits of a number said digit by digit, leading zeros kept; None when there is anything else."""
    read = [DIGIT.get(char) for char in text]
    return None if not text or None in read else "".join(map(str, read))


def value(text: str) -> int | None:
    """Return the value of a number said either way, 一百五 being 150; None for what is no number."""
    if not text or len(text) > _LONGEST:
        return None
    plain = digits(text)
    if plain is not None:
        return int(plain)
    total = section = pending = 0
    given = gap = False  # a digit waits for its unit; 零 was said
    last = 100_000
    for char in text:
        unit = UNIT.get(char)
        if unit is None:
            digit = DIGIT.get(char)
            if digit is None or (given and not (char.isascii() and pending)):
                return None
            gap = gap or digit == 0
            pending = pending * 10 + digit if given else digit
            given = bool(digit)
            continue
        if unit == _MYRIAD:
            if total or not (given or section):
                return None
            total, section = (section + pending) * unit, 0
        elif unit < last and (given or unit == _PLAIN_ONE):
            section += (pending if given else 1) * unit
        else:
            return None
        last, pending, given, gap = unit, 0, False, False
    tail = pending * last // 10 if given and not gap and _PLAIN_ONE < last <= _MYRIAD else pending
    return total + section + tail


def reading(text: str) -> str:
    """Return a number as an address writes it: 八十八 is `88`, 零二 is `02`; what cannot be read stays as it is."""
    plain = digits(text)
    if plain is not None:
        return plain
    counted = value(text)
    return text if counted is None else str(counted)


def amount(text: str) -> str | None:
    """Return a count as a screen shows it: `20`, `20多`, `5-6`, `几`, `十几`; None for what is no count."""
    if not text or len(text) > _LONGEST:
        return None
    if text[-1] in "多来" and len(text) > 1:
        inner = amount(text[:-1])
        return None if inner is None else inner + text[-1]
    if "几" in text:
        return text if all(char in UNIT or char in DIGIT or char in "几好" for char in text) else None
    if between := _between(text):
        return f"{between[0]}-{between[1]}"
    counted = value(text)
    return None if counted is None else str(counted)


def _between(text: str) -> tuple[int, int] | None:
    """Read a count said with two neighbouring digits: 五六, 十五六, 三四十."""
    scale = UNIT.get(text[-1], 1)
    body = text[:-1] if scale > 1 else text
    low, high = DIGIT.get(body[-2:-1]), DIGIT.get(body[-1:])
    if low is None or high is None or high != low + 1 or not low or body[-2:].isascii():
        return None
    head = body[:-2]
    if not head:
        return low * scale, high * scale
    base = value(head) if scale == 1 and head[-1] == "十" else None
    return None if base is None else (base + low, base + high)


def spoken(number: int) -> str:
    """Return a count below 10,000 in characters, two as 两: what 三天前 is written with."""
    if number == 2:
        return "两"
    written = ""
    gap = False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            bare_ten = digit == 1 and unit == _PLAIN_ONE and not written
            written += ("零" if gap else "") + ("" if bare_ten else _WRITTEN[digit]) + name
            gap = False
        else:
            gap = bool(written)
    return written or _WRITTEN[0]
