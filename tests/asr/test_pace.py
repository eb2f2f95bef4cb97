"""What a call costs, as it is learned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.pace import Pace


def test_nothing_is_known_at_first() -> None:
    pace = Pace()
    for _ in range(48):
        pace.note(0.2, 5.0)
    assert pace.busy(100, 1) == 0.0
    pace.note(1.0, 25.0)
    assert pace.busy(1, 1) == pytest.approx(25.0)


@given(st.floats(0.001, 2.0), st.integers(0, 60), st.integers(1, 16))
def test_an_even_cost_is_what_calls_take(cost: float, calls: int, threads: int) -> None:
    pace = Pace()
    for _ in range(400):
        pace.note(0.2, 0.2 * cost)
        pace.note(0.0, 0.0)  # a flush
    assert pace.busy(calls, threads) == pytest.approx(calls * cost / threads)


def test_one_stall_is_little_and_a_lasting_change_is_learned() -> None:
    pace = Pace()
    for _ in range(3000):
        pace.note(0.2, 0.006)
    pace.note(0.2, 2.0)
    assert pace.busy(30, 2) == pytest.approx(0.45 + 0.1, abs=0.02)
    for _ in range(4500):
        pace.note(0.2, 0.012)
    assert pace.busy(30, 2) == pytest.approx(0.9, abs=0.03)
