"""Sentence templates: a small grammar that fills itself in at random.

A template is text with three kinds of marks:

    (a|b|)      one of the alternatives; an alternative may be empty or hold further marks
    {slot}      one of the words of that list
    {n:1-39}    a count from that range, spoken; {d:5} five spoken digits

"，" parts the clauses of a sentence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from models.recipe.errors import TemplateError
from models.recipe.numerals import count, digit_string

_COUNT = re.compile(r"n:(\d{1,8})-(\d{1,8})")
_DIGITS = re.compile(r"d:([1-9]\d?)")
_NAME = re.compile(r"[a-z_]+")
_DEEPEST = 12  # a list that leads back to itself is a mistake, not a sentence


@dataclass(frozen=True, slots=True)
class Slot:
    """A word list's place in a template."""

    name: str


@dataclass(frozen=True, slots=True)
class Count:
    """A spoken count between two bounds, both possible."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Digits:
    """So many spoken digits."""

    length: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several alternatives, all equally likely."""

    alternatives: tuple["Template", ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: its parts in order."""

    parts: tuple["str | Slot | Count | Digits | Choice", ...]

    def write(self, lists: Mapping[str, tuple["Template", ...]], rng: Random, depth: int = 0) -> str:
        """Write one random sentence; `lists` holds the choices of every slot.

        Raises:
            TemplateError: a slot has no list, or lists lead round in a circle.

        """
        if depth > _DEEPEST:
            raise TemplateError("word lists lead round in a circle: look for a list that holds its own name")
        return "".join(_written(part, lists, rng, depth) for part in self.parts)

    def slots(self) -> frozenset[str]:
        """Name every slot in the template, also those inside alternatives."""
        found: set[str] = set()
        for part in self.parts:
            if isinstance(part, Slot):
                found.add(part.name)
            elif isinstance(part, Choice):
                found.update(*(alternative.slots() for alternative in part.alternatives))
        return frozenset(found)


def _written(
    part: str | Slot | Count | Digits | Choice,
    lists: Mapping[str, tuple[Template, ...]],
    rng: Random,
    depth: int,
) -> str:
    """Write one part of a template."""
    match part:
        case str():
            return part
        case Count(low, high):
            return count(rng.randint(low, high))
        case Digits(length):
            return digit_string(length, rng)
        case Choice(alternatives):
            return rng.choice(alternatives).write(lists, rng, depth + 1)
        case Slot(name):
            if name not in lists:
                raise TemplateError(f"no word list named {name!r}: add it to slots.txt")
            return rng.choice(lists[name]).write(lists, rng, depth + 1)


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
            end = re.compile(r"[(){}|]|$").search(text, at).start()  # type: ignore[union-attr] # $ always matches
            parts.append(text[at:end])
            at = end
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
