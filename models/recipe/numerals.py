"""Numbers as they are spoken in Mandarin."""

from random import Random

DIGITS = "零一二三四五六七八九"


def count(value: int) -> str:
    """Speak a count from 0 to 99,999,999: 205 → 二百零五.

    Raises:
        ValueError: the number is outside that range.

    """
    if not 0 <= value < 100_000_000:
        raise ValueError(f"no spoken form for {value}: give a number from 0 to 99,999,999")
    if value < 10:
        return DIGITS[value]
    if value < 20:
        return "十" + (DIGITS[value - 10] if value > 10 else "")
    for unit, name in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if value >= unit:
            head, rest = divmod(value, unit)
            return count(head) + name + _rest(rest, unit)
    raise AssertionError(value)


def _rest(rest: int, unit: int) -> str:
    """Speak what follows a unit: 零 fills a gap, and ten after a hundred is 一十."""
    if rest == 0:
        return ""
    gap = "零" if rest < unit // 10 else ""
    return gap + ("一" if 10 <= rest < 20 else "") + count(rest)


def digit_string(length: int, rng: Random) -> str:
    """Speak `length` random digits one by one, 一 mostly as the telephone's 幺."""
    spoken = (rng.choice(DIGITS) for _ in range(length))
    return "".join("幺" if digit == "一" and rng.random() < 0.6 else digit for digit in spoken)
