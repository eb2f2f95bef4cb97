"""Sentence templates: a small grammar that fills itself in at random.

A template is text with three kinds of marks:

    (a|b|)      one of the alternatives; an alternative may be empty or hold further marks
    {slot}      one of the words of that list
    {n:1-39}    a count from that range, spoken; {d:5} five spoken digits

"，" parts the clauses of a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from models.recipe.errors import TemplateError
from models.recipe.numerals import count, digit_string

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
