from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.numerals import DIGITS, count, digit_string

_VALUES = {digit: value for value, digit in enumerate(DIGITS)}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def _value(spoken: str) -> int:
    """Read a spoken count back (an independent way round)."""
    if "万" in spoken:
        high, low = spoken.split("万", 1)
        return _value(high) * 10_000 + (_value(low) if low else 0)
    total, digit = 0, 0
    for character in spoken:
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            digit = _VALUES[character]
    return total + digit


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (0, "零"),
        (7, "七"),
        (10, "十"),
        (15, "十五"),
        (20, "二十"),
        (21, "二十一"),
        (100, "一百"),
        (101, "一百零一"),
        (110, "一百一十"),
        (115, "一百一十五"),
        (205, "二百零五"),
        (1001, "一千零一"),
        (1010, "一千零一十"),
        (1100, "一千一百"),
        (10_000, "一万"),
        (10_010, "一万零一十"),
        (35_000, "三万五千"),
        (120_000, "十二万"),
        (1_000_001, "一百万零一"),
    ],
)
def test_counts_as_they_are_spoken(value: int, spoken: str) -> None:
    assert count(value) == spoken


@given(st.integers(0, 99_999_999))
def test_every_count_can_be_read_back(value: int) -> None:
    assert _value(count(value)) == value


@given(st.integers(0, 99_999_999))
def test_no_count_has_two_zeros_in_a_row_or_at_its_end(value: int) -> None:
    spoken = count(value)
    assert "零零" not in spoken
    assert value == 0 or not spoken.endswith("零")


@pytest.mark.parametrize("value", [-1, 100_000_000])
def test_a_number_out_of_range_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="99,999,999"):
        count(value)


@given(st.integers(1, 20), st.integers())
def test_digit_strings_have_their_length_and_only_digits(length: int, seed: int) -> None:
    spoken = digit_string(length, Random(seed))
    assert len(spoken) == length
    assert set(spoken) <= set(DIGITS) | {"幺"}


def test_one_is_spoken_both_ways() -> None:
    spoken = digit_string(2000, Random(3))
    assert spoken.count("幺") > spoken.count("一") > 0
