"""The life of a call: the table itself is checked, not only walks through it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import TABLE, CallLife, Happening, State
from ivr.errors import IllegalStep

LISTENS = (State.GREETING, State.LISTENING, State.ASKING, State.LISTENING_AGAIN)


def test_every_state_but_the_first_can_be_reached() -> None:
    reached, frontier = {State.ARRIVED}, [State.ARRIVED]
    while frontier:
        here = frontier.pop()
        for (state, _), there in TABLE.items():
            if state is here and there not in reached:
                reached.add(there)
                frontier.append(there)
    assert reached == set(State)


def test_every_happening_is_in_the_table() -> None:
    assert {happening for _, happening in TABLE} == set(Happening)


def test_a_hang_up_ends_a_call_at_every_stage() -> None:
    for state in State:
        if state is not State.ENDED:
            assert TABLE[state, Happening.HUNG_UP] is State.ENDED


def test_nothing_happens_after_the_end() -> None:
    assert not [key for key in TABLE if key[0] is State.ENDED]


@pytest.mark.parametrize("state", LISTENS)
@pytest.mark.parametrize(
    "happening", [Happening.POLICE_HEARD, Happening.KEY_PRESSED, Happening.LIMIT_REACHED, Happening.FAULT]
)
def test_law_1_whatever_demands_police_decides_wherever_we_listen(state: State, happening: Happening) -> None:
    assert TABLE[state, happening] is State.DECIDED


def test_a_caller_is_asked_at_most_once() -> None:
    """From the second listening no way leads back to a question."""
    second = {there for (state, _), there in TABLE.items() if state is State.LISTENING_AGAIN}
    assert second == {State.DECIDED, State.ENDED}


def test_the_longest_way_to_a_decision_is_finite() -> None:
    """No circle before the decision: nobody is kept talking to a computer (law 2)."""
    before = [State.ARRIVED, *LISTENS]
    for (state, _), there in TABLE.items():
        if state in before and there in before:
            assert before.index(there) > before.index(state)


def test_back_to_police_joins_a_queue_again() -> None:
    life = CallLife("c", State.DECIDED)
    for happening in (
        Happening.QUEUE_JOINED,
        Happening.MEMBER_ANSWERED,
        Happening.QUEUE_JOINED,
        Happening.MEMBER_ANSWERED,
        Happening.HUNG_UP,
    ):
        life.step(happening)
    assert life.path[-5:] == [State.QUEUED, State.TALKING, State.QUEUED, State.TALKING, State.ENDED]


def test_what_cannot_happen_is_a_bug_and_changes_nothing() -> None:
    life = CallLife("c")
    with pytest.raises(IllegalStep, match="livelihood_heard cannot happen to a call that is arrived"):
        life.step(Happening.LIVELIHOOD_HEARD)
    assert life.state is State.ARRIVED
    assert life.path == [State.ARRIVED]


@given(st.lists(st.sampled_from(Happening), max_size=30))
def test_any_sequence_stays_in_the_table(happenings: list[Happening]) -> None:
    life = CallLife("c")
    for happening in happenings:
        if (life.state, happening) in TABLE:
            there = TABLE[life.state, happening]
            assert life.step(happening) is there
        else:
            with pytest.raises(IllegalStep):
                life.step(happening)
    assert life.path[-1] is life.state
