"""Reads sentence templates (their marks are described in `templates.py`)."""

import re
from typing import Final

from models.recipe.errors import TemplateError
from models.recipe.templates import Choice, Count, Digits, Slot, Template

_COUNT: Final = re.compile(r"n:(\d{1,8})-(\d{1,8})")
_DIGITS: Final = re.compile(r"d:([1-9]\d?)")
_NAME: Final = re.compile(r"[a-z_]+")
_PLAIN: Final = re.compile(r"[^(){}|]+")


def parse(text: str) -> Template:
    """Read one template.

    Raises:
        TemplateError: a bracket is left open or closed too often, or a mark in braces is unknown.

    """
    template, end = _sequence(text, 0, inside=False)
    if end != len(text):
        raise TemplateError(f"{text!r}: a {text[end]!r} at {end} closes nothing")
    return template


def _sequence(text: str, at: int, *, inside: bool) -> tuple[Template, int]:
    """Read parts up to the end, or inside brackets up to the "|" or ")" that ends the alternative."""
    parts: list[str | Slot | Count | Digits | Choice] = []
    while at < len(text):
        mark = text[at]
        if mark == "(":
            choice, at = _choice(text, at + 1)
            parts.append(choice)
        elif mark == "{":
            end = text.find("}", at)
            if end < 0:
                raise TemplateError(f"{text!r}: the brace at {at} is never closed")
            parts.append(_slot(text[at + 1 : end], text))
            at = end + 1
        elif mark == ")" or (mark == "|" and inside):
            break
        elif mark in "|}":
            raise TemplateError(f"{text!r}: a {mark!r} at {at} stands outside brackets")
        else:
            plain = _PLAIN.match(text, at)
            if plain is None:
                raise AssertionError(text)  # every mark was looked at above
            parts.append(plain[0])
            at = plain.end()
    return Template(tuple(parts)), at


def _choice(text: str, at: int) -> tuple[Choice, int]:
    """Read alternatives after an opening bracket."""
    alternatives: list[Template] = []
    while True:
        alternative, at = _sequence(text, at, inside=True)
        alternatives.append(alternative)
        if at >= len(text):
            raise TemplateError(f"{text!r}: a bracket is never closed")
        if text[at] == ")":
            return Choice(tuple(alternatives)), at + 1
        at += 1


def _slot(inner: str, text: str) -> Slot | Count | Digits:
    """Read what stands between braces."""
    if found := _COUNT.fullmatch(inner):
        low, high = int(found[1]), int(found[2])
        if low > high:
            raise TemplateError(f"{text!r}: {{{inner}}} is an empty range")
        return Count(low, high)
    if found := _DIGITS.fullmatch(inner):
        return Digits(int(found[1]))
    if _NAME.fullmatch(inner):
        return Slot(inner)
    raise TemplateError(f"{text!r}: {{{inner}}} is neither a slot nor {{n:1-9}} nor {{d:3}}")
