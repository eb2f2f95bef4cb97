"""H: phones become Kaldi's transition-ids, with self-loops that say how long a sound may last."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

from models.recipe.phones import PHONES, TRANSITIONS, leave, loop, unit_of

_NO_PATH: Final = float("inf")

Fst = Any  # kaldifst's classes have no type hints


@dataclass(frozen=True, slots=True)
class Durations:
    """What staying in a unit and leaving it cost, by unit index."""

    stay: tuple[float, ...]
    leave: tuple[float, ...]


def durations(mean_frames: Sequence[float], scale: float) -> Durations:
    """Turn mean durations (in output frames of 30 ms) into costs of a geometric distribution, times `scale`."""
    stay = [min(0.97, max(0.05, 1 - 1 / max(mean, 1.05))) for mean in mean_frames]
    return Durations(
        tuple(-scale * log(share) for share in stay), tuple(-scale * log(1 - share) for share in stay)
    )


def expand(fst: Fst, costs: Durations) -> tuple[Fst, list[int]]:
    """Put transition-ids in the place of phones, with a self-loop wherever a phone has been entered (H).

    A state entered by one phone alone carries that phone's self-loop; otherwise a state is put in between for
    each phone. Marks become transition-ids above the real ones, and are given back.
    """
    import kaldifst  # noqa: PLC0415

    entered_by = _entered_by(fst)
    expanded = kaldifst.StdVectorFst()
    for _ in range(fst.num_states):
        expanded.add_state()
    expanded.start = fst.start
    between: dict[tuple[int, int], int] = {}
    marks: set[int] = set()

    def stay(state: int, phone: int) -> None:
        expanded.add_arc(state, kaldifst.StdArc(loop(phone), 0, costs.stay[unit_of(phone)], state))

    for state in range(fst.num_states):
        phones = entered_by[state]
        alone = next(iter(phones)) if len(phones) == 1 else 0
        if alone:
            stay(state, alone)
        final = float(fst.final(state).value)
        if final != _NO_PATH:
            expanded.set_final(state, final)
        for arc in kaldifst.ArcIterator(fst, state):
            symbol, cost, target = arc.ilabel, float(arc.weight.value), arc.nextstate
            if not 0 < symbol <= PHONES:
                mark = TRANSITIONS + symbol - PHONES if symbol else 0
                marks |= {mark} if mark else set()
                expanded.add_arc(state, kaldifst.StdArc(mark, arc.olabel, cost, target))
                continue
            if len(entered_by[target]) > 1:
                if (target, symbol) not in between:
                    middle = between[target, symbol] = expanded.add_state()
                    stay(middle, symbol)
                    expanded.add_arc(middle, kaldifst.StdArc(0, 0, 0.0, target))
                target = between[target, symbol]
            cost += costs.leave[unit_of(symbol)]
            expanded.add_arc(state, kaldifst.StdArc(leave(symbol), arc.olabel, cost, target))
    return expanded, sorted(marks)


def _entered_by(fst: Fst) -> list[set[int]]:
    """Give, for every state, the phones by which it is entered; 0 stands for anything that is no phone."""
    import kaldifst  # noqa: PLC0415

    entered: list[set[int]] = [set() for _ in range(fst.num_states)]
    for state in range(fst.num_states):
        for arc in kaldifst.ArcIterator(fst, state):
            entered[arc.nextstate].add(arc.ilabel if 0 < arc.ilabel <= PHONES else 0)
    entered[fst.start].add(0)
    return entered
