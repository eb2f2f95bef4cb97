from math import exp

import kaldifst
import pytest

from models.recipe.expansion import Durations, durations, expand
from models.recipe.phones import PHONES, TRANSITIONS, leave, loop
from models.recipe.units import UNITS

_COSTS = Durations(tuple([0.5] * len(UNITS)), tuple([0.25] * len(UNITS)))


def _fst(arcs: list[tuple[int, int, int, int]], final: int) -> object:
    fst = kaldifst.StdVectorFst()
    for _ in range(1 + max(max(source, target) for source, _, _, target in arcs)):
        fst.add_state()
    fst.start = 0
    for source, symbol, word, target in arcs:
        fst.add_arc(source, kaldifst.StdArc(symbol, word, 1.0, target))
    fst.set_final(final, 0.0)
    return fst


def _arcs(fst: object) -> set[tuple[int, int, int, int, float]]:
    return {
        (state, arc.ilabel, arc.olabel, arc.nextstate, float(arc.weight.value))
        for state in range(fst.num_states)  # type: ignore[attr-defined]
        for arc in kaldifst.ArcIterator(fst, state)
    }


def test_a_phone_becomes_a_first_frame_and_a_loop() -> None:
    expanded, marks = expand(_fst([(0, 5, 9, 1)], 1), _COSTS)
    assert _arcs(expanded) == {(0, leave(5), 9, 1, 1.25), (1, loop(5), 0, 1, 0.5)}
    assert marks == []


def test_a_state_entered_by_two_phones_gets_one_state_for_each_between() -> None:
    expanded, _ = expand(_fst([(0, 5, 1, 1), (0, 6, 2, 1)], 1), _COSTS)
    assert expanded.num_states == 4
    loops = {(source, symbol) for source, symbol, _, target, _ in _arcs(expanded) if source == target}
    assert {symbol for _, symbol in loops} == {loop(5), loop(6)}
    assert all(source >= 2 for source, _ in loops)


def test_the_start_has_no_loop_even_when_a_phone_leads_back_to_it() -> None:
    expanded, _ = expand(_fst([(0, 5, 1, 0)], 0), _COSTS)
    assert all(source != 0 for source, _, _, target, _ in _arcs(expanded) if source == target)


def test_marks_become_transitions_above_the_real_ones() -> None:
    mark = PHONES + 3
    expanded, marks = expand(_fst([(0, 5, 1, 1), (1, mark, 0, 2)], 2), _COSTS)
    assert marks == [TRANSITIONS + 3]
    assert (1, TRANSITIONS + 3, 0, 2, 1.0) in _arcs(expanded)


def test_arcs_without_a_phone_stay_without() -> None:
    expanded, marks = expand(_fst([(0, 0, 7, 1), (1, 5, 0, 2)], 2), _COSTS)
    assert (0, 0, 7, 1, 1.0) in _arcs(expanded)
    assert marks == []


def test_final_states_stay_final() -> None:
    expanded, _ = expand(_fst([(0, 5, 1, 1)], 1), _COSTS)
    assert float(expanded.final(1).value) == 0.0
    assert float(expanded.final(0).value) == float("inf")


@pytest.mark.parametrize(
    ("mean", "share"), [(2.0, 0.5), (10.0, 0.9), (1000.0, 0.97), (0.0, 0.05), (1.0, 0.05)]
)
def test_a_mean_duration_gives_the_probability_of_staying(mean: float, share: float) -> None:
    costs = durations([mean], 1.0)
    assert exp(-costs.stay[0]) == pytest.approx(share, abs=0.005)
    assert exp(-costs.stay[0]) + exp(-costs.leave[0]) == pytest.approx(1)


def test_the_scale_weighs_all_costs() -> None:
    once, twice = durations([3.0, 8.0], 1.0), durations([3.0, 8.0], 2.0)
    assert twice.stay == pytest.approx([2 * cost for cost in once.stay])
    assert twice.leave == pytest.approx([2 * cost for cost in once.leave])
