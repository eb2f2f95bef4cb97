from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.lint.overlap import places_of, spares

words = st.text("ab", min_size=1, max_size=4)


@given(words, words)
def test_places_are_all_there_are(inner: str, outer: str) -> None:
    assert list(places_of(inner, outer)) == [i for i in range(len(outer)) if outer.startswith(inner, i)]


@pytest.mark.parametrize(
    ("cover", "inner", "outer", "spared"),
    [
        ("火灾险", "火灾", "发生火灾", True),  # 发生火灾险: 发生火灾 stands
        ("火灾险", "火灾", "火灾现场", False),  # they cannot stand over each other
        ("发生火灾险", "火灾", "发生火灾", False),  # it lies over both
        ("没抢", "抢", "抢走", True),
        ("无关", "抢", "抢走", False),
        ("抢走", "抢", "抢走", False),
    ],
)
def test_what_a_context_spares(cover: str, inner: str, outer: str, spared: bool) -> None:  # noqa: FBT001
    assert spares(cover, inner, outer) is spared


@given(words, words, words)
def test_spared_as_trying_every_text_says(cover: str, inner: str, outer: str) -> None:
    """Lay the cover over the outer word at every place, write the text out, and look."""
    tried = False
    for shift in range(-len(cover), len(outer) + 1):
        first = min(0, shift)
        text = ["?"] * (max(len(outer), shift + len(cover)) - first)
        text[-first : len(outer) - first] = outer
        written = text.copy()
        written[shift - first : shift - first + len(cover)] = cover
        if written[-first : len(outer) - first] != list(outer):
            continue
        covered = range(shift, shift + len(cover))
        lies_over_all = covered.start <= 0 and covered.stop >= len(outer)
        lies_over_inner = any(
            at >= covered.start and at + len(inner) <= covered.stop for at in places_of(inner, outer)
        )
        tried |= lies_over_inner and not lies_over_all
    assert spares(cover, inner, outer) is tried
