from hypothesis import given
from hypothesis import strategies as st

from models.recipe.phones import (
    PHONES,
    PLACES,
    SILENCE_PHONE,
    TRANSITIONS,
    leave,
    loop,
    phone,
    spell,
    unit_of,
    word_boundaries,
)
from models.recipe.units import UNITS

_UNITS = st.integers(1, len(UNITS) - 1)


def test_silence_is_the_first_phone() -> None:
    assert phone(0) == SILENCE_PHONE == 1
    assert unit_of(SILENCE_PHONE) == 0


@given(_UNITS, st.integers(0, 3))
def test_a_phone_knows_its_unit(unit: int, place: int) -> None:
    assert 2 <= phone(unit, place) <= PHONES
    assert unit_of(phone(unit, place)) == unit


def test_all_phones_are_different() -> None:
    phones = {phone(unit, place) for unit in range(1, len(UNITS)) for place in range(4)}
    assert phones | {SILENCE_PHONE} == set(range(1, PHONES + 1))


def test_transition_ids_are_all_used_once() -> None:
    ids = [transition for number in range(1, PHONES + 1) for transition in (loop(number), leave(number))]
    assert sorted(ids) == list(range(1, TRANSITIONS + 1))


@given(st.lists(_UNITS, min_size=2, max_size=8))
def test_a_word_begins_goes_on_and_ends(units: list[int]) -> None:
    places = [(number - 2) % 4 for number in spell(tuple(units))]
    assert places[0] == PLACES.index("begin")
    assert places[-1] == PLACES.index("end")
    assert set(places[1:-1]) <= {PLACES.index("internal")}


@given(_UNITS)
def test_a_word_of_one_unit_is_a_singleton(unit: int) -> None:
    assert spell((unit,)) == (phone(unit, PLACES.index("singleton")),)


def test_word_boundaries_name_every_phone() -> None:
    lines = word_boundaries().splitlines()
    assert lines[0] == "1 nonword"
    assert lines[1] == "2 begin"
    assert [int(line.split()[0]) for line in lines] == list(range(1, PHONES + 1))
    assert {line.split()[1] for line in lines[1:]} == set(PLACES)
