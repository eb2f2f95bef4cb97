from random import Random

import pytest

from models.recipe.errors import TemplateError
from models.recipe.template_parser import parse
from models.recipe.templates import Choice, Count, Digits, Slot, Template

_LISTS = {"thing": (parse("手机"), parse("钱包")), "nested": (parse("我的{thing}"),)}


def _all(template: str, times: int = 200) -> set[str]:
    rng = Random(1)
    return {parse(template).write(_LISTS, rng) for _ in range(times)}


def test_plain_text_is_written_as_it_is() -> None:
    assert _all("我要报警") == {"我要报警"}


def test_every_alternative_is_written_sometime() -> None:
    assert _all("(甲|乙|)丙") == {"甲丙", "乙丙", "丙"}


def test_alternatives_may_hold_marks() -> None:
    assert _all("(a({thing}|没有)|b)") == {"a手机", "a钱包", "a没有", "b"}


def test_a_slot_takes_a_word_of_its_list_even_through_another_list() -> None:
    assert _all("{nested}丢了") == {"我的手机丢了", "我的钱包丢了"}


def test_counts_reach_both_bounds() -> None:
    assert _all("{n:1-3}号") == {"一号", "二号", "三号"}


def test_digits_have_their_length() -> None:
    assert {len(text) for text in _all("{d:4}")} == {4}


def test_a_slot_without_a_list_is_an_error_that_names_it() -> None:
    with pytest.raises(TemplateError, match=r"'nobody'.*slots\.txt"):
        parse("{nobody}").write({}, Random(1))


def test_lists_that_lead_in_a_circle_are_an_error() -> None:
    with pytest.raises(TemplateError, match="circle"):
        parse("{a}").write({"a": (parse("{b}"),), "b": (parse("{a}"),)}, Random(1))


def test_slots_are_found_at_every_depth() -> None:
    assert parse("{a}(b|(c{d}|{e}))").slots() == {"a", "d", "e"}


def test_the_same_stream_writes_the_same_text() -> None:
    template = Template((Choice((parse("{thing}"), Template((Count(1, 999), Digits(9))))), Slot("thing")))
    assert [template.write(_LISTS, Random(seed)) for seed in range(20)] == [
        template.write(_LISTS, Random(seed)) for seed in range(20)
    ]
