from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.errors import TemplateError
from models.recipe.template_parser import parse
from models.recipe.templates import Choice, Count, Digits, Slot, Template

_PLAIN = st.text("我要报警手机，丢了", min_size=1, max_size=5)


def _written(template: Template) -> str:
    """Write a template in its own notation."""
    marks: list[str] = []
    for part in template.parts:
        match part:
            case str():
                marks.append(part)
            case Slot(name):
                marks.append(f"{{{name}}}")
            case Count(low, high):
                marks.append(f"{{n:{low}-{high}}}")
            case Digits(length):
                marks.append(f"{{d:{length}}}")
            case Choice(alternatives):
                marks.append("(" + "|".join(map(_written, alternatives)) + ")")
    return "".join(marks)


_SIMPLE = st.one_of(
    _PLAIN,
    st.builds(Slot, st.from_regex(r"[a-z_]{1,8}", fullmatch=True)),
    st.builds(lambda low, more: Count(low, low + more), st.integers(0, 999), st.integers(0, 999)),
    st.builds(Digits, st.integers(1, 12)),
)


def _joined(parts: Sequence[str | Slot | Count | Digits | Choice]) -> Template:
    """Make a template, neighbouring texts joined as the parser reads them."""
    joined: list[str | Slot | Count | Digits | Choice] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return Template(tuple(joined))


_TEMPLATES = st.recursive(
    st.lists(_SIMPLE, max_size=4).map(_joined),
    lambda inner: st.lists(
        st.one_of(_SIMPLE, st.lists(inner, min_size=1, max_size=3).map(lambda a: Choice(tuple(a)))),
        max_size=4,
    ).map(_joined),
    max_leaves=8,
)


@given(_TEMPLATES)
def test_what_is_written_is_read_back(template: Template) -> None:
    assert parse(_written(template)) == template


@given(st.text("ab我(){}|:nd1-9", max_size=30))
def test_any_text_is_read_or_refused_but_never_breaks(text: str) -> None:
    try:
        template = parse(text)
    except TemplateError:
        return
    lists = {name: (Template(("x",)),) for name in template.slots()}
    assert not set("(){}|") & set(template.write(lists, Random(1)))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("(甲|乙", "never closed"),
        ("甲)", "closes nothing"),
        ("{thing", "never closed"),
        ("甲|乙", "outside brackets"),
        ("甲}", "outside brackets"),
        ("{n:9-1}", "empty range"),
        ("{d:0}", "neither"),
        ("{Thing}", "neither"),
        ("{}", "neither"),
        ("((甲)", "never closed"),
    ],
)
def test_mistakes_are_named(text: str, what: str) -> None:
    with pytest.raises(TemplateError, match=what):
        parse(text)


def test_an_empty_template_writes_nothing() -> None:
    assert parse("").write({}, Random(1)) == ""


def test_empty_alternatives_are_kept() -> None:
    assert parse("(|)").parts == (Choice((Template(()), Template(()))),)
