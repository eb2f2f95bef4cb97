"""Kaldi's phones and transition-ids for the model's units.

A unit becomes four phones by its place in the word (begin, internal, end, singleton), which share the unit's two
pdfs: so word boundaries come for free. Silence is one phone. All ids begin with 1; phones have one emitting state
with a self-loop and an exit, as in Kaldi's chain models.
"""

from typing import Final

from models.recipe.units import SILENCE, UNITS

PLACES: Final = ("begin", "internal", "end", "singleton")
SILENCE_PHONE: Final = 1
PHONES: Final = 1 + (len(UNITS) - 1) * len(PLACES)
TRANSITIONS: Final = 2 * PHONES


def phone(unit: int, place: int = 0) -> int:
    """Give the phone of a unit at a place (an index of PLACES)."""
    return SILENCE_PHONE if UNITS[unit] == SILENCE else 2 + (unit - 1) * len(PLACES) + place


def unit_of(phone_id: int) -> int:
    """Give the unit of a phone."""
    return 0 if phone_id == SILENCE_PHONE else 1 + (phone_id - 2) // len(PLACES)


def loop(phone_id: int) -> int:
    """Give the transition-id of a phone's self-loop."""
    return 2 * phone_id - 1


def leave(phone_id: int) -> int:
    """Give the transition-id of a phone's first frame (Kaldi's forward transition)."""
    return 2 * phone_id


def spell(units: tuple[int, ...]) -> tuple[int, ...]:
    """Give the phones of a word made of these units."""
    if len(units) == 1:
        return (phone(units[0], 3),)
    last = len(units) - 1
    return tuple(phone(unit, 0 if at == 0 else 2 if at == last else 1) for at, unit in enumerate(units))


def word_boundaries() -> str:
    """Give the text of `word_boundary.int`."""
    lines = [f"{SILENCE_PHONE} nonword"]
    lines += [f"{number} {PLACES[(number - 2) % len(PLACES)]}" for number in range(2, PHONES + 1)]
    return "\n".join(lines) + "\n"
