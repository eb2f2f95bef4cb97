"""Text that came over the line, made fit for a terminal: it may hold what would steer one."""

from __future__ import annotations

from rich.text import Text


def plain(text: object) -> Text:
    """The text as it is read: no control characters, and no [markup] of rich's is obeyed. Line breaks stay."""
    return Text("".join(c if c.isprintable() or c == "\n" else "�" for c in str(text)))
