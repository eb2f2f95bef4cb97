"""Text from the line on a terminal: read, never obeyed."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ivr.terminal import plain


def shown(text: object) -> str:
    """What a colour terminal gets."""
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="truecolor", width=10_000).print(plain(text))
    return out.getvalue()


def test_chinese_and_line_breaks_stay() -> None:
    assert shown("水管爆了\n五一路88号") == "水管爆了\n五一路88号\n"


def test_markup_and_escapes_are_text() -> None:
    assert shown("[red]x[/red][/none]") == "[red]x[/red][/none]\n"
    assert shown("a\x1b[2J\x07\r\x9bb") == "a�[2J���b\n"
    assert shown(3) == "3\n"


@given(st.text(max_size=60))
def test_nothing_that_steers_a_terminal_gets_through(text: str) -> None:
    # rich may break lines and pad; what it writes is printable all the same
    assert all(character.isprintable() or character == "\n" for character in shown(text))
