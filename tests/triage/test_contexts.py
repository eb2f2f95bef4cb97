from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.contexts import Shelter, denials
from triage.lexicon import Negation
from triage.spoken_text import fold

NEGATION = Negation(frozenset({"不是", "没有"}), ("是", "有"), ("吗", "是什么"))


def test_a_shelter_covers_what_lies_inside_only() -> None:
    shelter = Shelter([(2, 5), (4, 6)])
    assert shelter.covers(2, 5)
    assert shelter.covers(3, 4)
    assert shelter.covers(4, 6)
    assert not shelter.covers(1, 3)
    assert not shelter.covers(5, 7)
    assert not shelter.covers(0, 10)


def test_no_spans_shelter_nothing() -> None:
    assert not Shelter([]).covers(0, 1)
    assert not Shelter([]).covers(0, 0)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), max_size=6),
    st.integers(0, 17),
    st.integers(1, 6),
)
def test_a_shelter_agrees_with_a_naive_one(spans: list[tuple[int, int]], start: int, length: int) -> None:
    stretches = [(first, first + size) for first, size in spans]
    naive = any(first <= start and start + length <= last for first, last in stretches)
    assert Shelter(stretches).covers(start, start + length) == naive


@pytest.mark.parametrize(
    ("text", "cancelled"),
    [
        ("不是抢劫", True),
        ("没有抢劫", True),
        ("不是 抢劫啊", True),
        ("是不是抢劫", False),
        ("有没有抢劫", False),
        ("不是，抢劫", False),
        ("不是抢劫吗", False),
        ("不是抢劫是什么", False),
    ],
)
def test_a_denial_needs_to_be_one(text: str, cancelled: bool) -> None:  # noqa: FBT001 - a table's column
    spoken = fold(text)
    at = spoken.letters.index("抢劫")
    found = denials(spoken, [(at - 2, at)], [(at, at + 2)], NEGATION)
    assert found == ([(at - 2, at + 2)] if cancelled else [])


def test_a_denial_of_something_else_cancels_nothing() -> None:
    assert denials(fold("没有水了抢劫"), [(0, 2)], [(4, 6)], NEGATION) == []
