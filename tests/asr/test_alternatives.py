"""Other readings of several utterances together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asr.alternatives import MOST, of_all
from asr.utterance import Alternative, Utterance


def heard(text: str, *others: tuple[str, float]) -> Utterance:
    return Utterance(text, is_final=True, alternatives=tuple(Alternative(*other) for other in others))


def test_one_part_differs_at_a_time() -> None:
    parts = [heard("我家", ("我加", 0.3)), heard("停水", ("停税", 0.1), ("听谁", 0.4))]
    assert of_all(parts, "，".join) == (
        Alternative("我家，听谁", 0.4),
        Alternative("我加，停水", 0.3),
        Alternative("我家，停税", 0.1),
    )


def test_nothing_else_was_heard() -> None:
    assert of_all([], "".join) == ()
    assert of_all([heard("水"), heard("火")], "".join) == ()


@given(st.lists(st.lists(st.floats(0, 1), max_size=10), max_size=30))
def test_there_are_few_and_the_likeliest(shares: list[list[float]]) -> None:
    parts = [heard(str(n), *((f"{n}?", share) for share in part)) for n, part in enumerate(shares)]
    everything = sorted((share for part in shares for share in part), reverse=True)
    assert [other.share for other in of_all(parts, ",".join)] == everything[:MOST]
