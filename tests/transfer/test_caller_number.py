"""One caller, one spelling; who hides the number, or has none, is nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.caller_number import one_spelling


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "+8613800138000",
        "008613800138000",
        "8613800138000",
        "+86 138 0013 8000",
        "138-0013-8000",
        "013800138000",
        "１３８００１３８０００",
        "sip:+8613800138000@carrier.example;user=phone",
        "tel:+86-138-0013-8000",
        " 13800138000\n",
    ],
)
def test_a_mobile_number_however_it_is_written(written: str) -> None:
    assert one_spelling(written) == "13800138000"


@pytest.mark.parametrize(
    "written", ["05996322110", "0599-6322110", "(0599) 6322110", "+865996322110", "865996322110"]
)
def test_a_landline_however_it_is_written(written: str) -> None:
    assert one_spelling(written) == "5996322110"


def test_numbers_of_other_countries_stay_apart() -> None:
    assert one_spelling("0012025550123") == one_spelling("+1 202 555 0123") == "+12025550123"
    assert one_spelling("+8525550123") != one_spelling("8525550123")


def test_a_local_number_that_begins_like_the_country_is_a_number() -> None:
    assert one_spelling("8612345") == "8612345"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "anonymous",
        "Unknown",
        "restricted",
        "unavailable",
        "sip:anonymous@anonymous.invalid",
        "0",
        "0000000",
        "+",
        "+0000000000",
        "p101",
        "12",
        "张三",
        "1" * 21,
        "13800138000x",
        "٣٣٣٣٣",
        "a" * 10_000,
    ],
)
def test_who_hides_the_number_is_nobody(written: str) -> None:
    assert one_spelling(written) == ""


@given(st.text(max_size=120) | st.text("+0123456789 -@;.", max_size=40))
def test_whatever_comes_over_the_line_a_number_or_nothing_comes_of_it(text: str) -> None:
    number = one_spelling(text)
    assert number == "" or number.removeprefix("+").isdecimal()
    assert number.isascii()


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "+86", "0086", "86", "0", "+86 "])
)
def test_the_spelling_is_one(number: str, prefix: str) -> None:
    assert one_spelling(prefix + number) == one_spelling(one_spelling(prefix + number)) == number
