import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.events import JsonValue
from records.masking import STARS, mask_data, mask_fields, mask_number, mask_text


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "+86138****8000"),
        ("008613800138000", "0086138****8000"),
        ("8613800138000", "86138****8000"),
        ("01062345678", "010****5678"),
        ("62345678", "62****78"),
        ("95588", "****8"),
        ("110", "****"),
        ("", ""),
        (None, ""),
        ("Anonymous", "anonymous"),
        ("sip:13800138000@10.0.0.1:5060;transport=udp", "138****8000"),
        ("tel:+8613800138000;phone-context=cn", "+86138****8000"),
        ("张三", "****"),
        ("1\r\n00138\x1b[2J8000", "1??****8000"),
    ],
)
def test_numbers(number: str | None, masked: str) -> None:
    assert mask_number(number) == masked


@given(st.text("0123456789", min_size=5, max_size=20))
def test_at_least_four_digits_are_hidden_and_at_most_seven_shown(number: str) -> None:
    masked = mask_number(number)
    assert STARS in masked
    head, tail = masked.split(STARS)
    if not number.startswith(("86", "0086")):
        assert len(head) + len(tail) <= min(7, len(number) - 4)
    assert number.startswith(head)
    assert number.endswith(tail)


@given(st.text())
def test_any_text_gives_one_printable_line(number: str) -> None:
    assert mask_number(number).isprintable()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我的电话是13800138000请回电", "我的电话是138****8000请回电"),
        ("打 138 0013 8000 或 010-62345678", "打 138****8000 或 010****5678"),
        ("一三八零零一三八零零零", "一三八****八零零零"),
        ("住在18号楼2单元1203", "住在18号楼2单元1203"),
        ("2025-11-22", "2025-11-22"),
    ],
)
def test_numbers_in_speech(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def test_data_is_masked_by_key_and_by_content() -> None:
    data: dict[str, JsonValue] = {
        "caller": "13800138000",
        "display_name": "张三丰",
        "dialled": "110",
        "text": "打13912345678",
        "duration_s": 12345678.5,
        "priority": 1,
        "is_final": True,
        "location": {"latitude": 39.904211, "notes": ["8613800138000", None]},
    }
    assert mask_fields(data) == {
        "caller": "138****8000",
        "display_name": "****",
        "dialled": "110",
        "text": "打139****5678",
        "duration_s": 12345678.5,
        "priority": 1,
        "is_final": True,
        "location": {"latitude": 39.904211, "notes": ["86138****8000", None]},
    }
    assert mask_data(13800138000, "caller") == "138****8000"
    assert mask_data([13800138000], "caller") == ["138****8000"]
