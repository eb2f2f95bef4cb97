from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.facts.numerals import amount, digits, reading, spoken, value


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("零", 0), ("两", 2), ("十", 10), ("十五", 15), ("二十", 20), ("三零二", 302), ("零二", 2), ("幺幺零八", 1108),
        ("一百零五", 105), ("一百五", 150), ("三千二", 3200), ("一万二", 12000), ("一千零八十", 1080),
        ("两千零二十六", 2026),
        ("三百一十五", 315), ("十万", 100_000), ("12", 12), ("3百", 300), ("12万", 120_000), ("十二万三千", 123_000),
    ],
)  # fmt: skip
def test_values(text: str, number: int) -> None:
    assert value(text) == number


@pytest.mark.parametrize(
    "text", ["", "百", "十百", "五五百", "路", "一百路", "万", "二十万三万", "一" * 13, "²", "①"]
)
def test_what_has_no_value(text: str) -> None:
    assert value(text) is None


@given(st.integers(0, 9999))
def test_a_spoken_number_reads_back(number: int) -> None:
    assert value(spoken(number)) == number


@pytest.mark.parametrize(
    ("number", "text"), [(2, "两"), (10, "十"), (15, "十五"), (105, "一百零五"), (1080, "一千零八十")]
)
def test_numbers_are_written_as_people_say_them(number: int, text: str) -> None:
    assert spoken(number) == text


@pytest.mark.parametrize(
    ("text", "read"), [("零二", "02"), ("幺三八", "138"), ("", None), ("十二", None), ("12号", None)]
)
def test_digits_keep_their_zeros(text: str, read: str | None) -> None:
    assert digits(text) == read


@pytest.mark.parametrize(
    ("text", "read"), [("八十八", "88"), ("零二", "02"), ("三零二", "302"), ("百百", "百百")]
)
def test_reading_for_an_address(text: str, read: str) -> None:
    assert reading(text) == read


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("二十", "20"), ("二十多", "20多"), ("十来", "10来"), ("五六", "5-6"), ("十五六", "15-16"), ("三四十", "30-40"),
        ("几", "几"), ("十几", "十几"), ("好几", "好几"), ("几十", "几十"),
        ("一百", "100"), ("12", "12"), ("一二", "1-2"), ("", None), ("多", None), ("几路", None), ("路", None),
    ],
)  # fmt: skip
def test_loose_counts(text: str, shown: str | None) -> None:
    assert amount(text) == shown


@given(st.text(st.sampled_from("零一幺二两三四五六七八九十百千万几多来好0123456789路"), max_size=16))
def test_nothing_that_looks_like_a_number_raises(text: str) -> None:
    for read in (value(text), digits(text), amount(text), reading(text)):
        assert read is None or isinstance(read, int | str)
