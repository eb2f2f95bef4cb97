"""What a call costs, as it is learned and forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.pace import Pace


def talk(pace: Pace, cost: float, *, calls: int, for_s: float, from_s: float = 0.0) -> float:
    """Let so many calls be decoded for a while, each second of them at this cost; gives the time then."""
    for turn in range(round(for_s * 5)):
        for _ in range(calls):
            pace.note(0.2, 0.2 * cost, from_s + 0.2 * turn)
    return from_s + for_s


def test_nothing_is_known_at_first() -> None:
    pace = Pace()
    now = talk(pace, 0.5, calls=1, for_s=9.0)
    assert pace.busy(100, 1, now) == 0.0
    now = talk(pace, 0.5, calls=1, for_s=3.0, from_s=now)
    assert pace.busy(1, 1, now) == pytest.approx(0.5)


@given(st.floats(0.001, 2.0), st.integers(0, 60), st.integers(1, 16))
def test_an_even_cost_is_what_calls_take(cost: float, calls: int, threads: int) -> None:
    pace = Pace()
    now = talk(pace, cost, calls=3, for_s=20.0)
    assert pace.busy(calls, threads, now) == pytest.approx(calls * cost / threads)


def test_a_stall_is_little_however_long_it_was() -> None:
    pace = Pace()
    now = talk(pace, 0.03, calls=10, for_s=60.0)
    before = pace.busy(30, 2, now)
    pace.note(0.2, 600.0, now)
    assert pace.busy(30, 2, now) == pytest.approx(before, abs=0.05)


def test_a_lasting_change_is_learned_in_a_minute() -> None:
    pace = Pace()
    now = talk(pace, 0.03, calls=10, for_s=60.0)
    now = talk(pace, 0.06, calls=10, for_s=60.0, from_s=now)
    assert pace.busy(30, 2, now) == pytest.approx(0.9, abs=0.15)


def test_what_a_bad_night_has_cost_is_forgotten_by_the_morning() -> None:
    pace = Pace()
    now = talk(pace, 3.0, calls=1, for_s=60.0)
    assert pace.busy(1, 1, now) == pytest.approx(3.0)
    assert pace.busy(1, 1, now + 300) == 0.0
