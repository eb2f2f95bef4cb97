from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.recipe.human.align import align, heed_loudness
from models.recipe.units import PDFS, first_pdf, later_pdf

_WORDS = ((5, 40), (9, 60))


def _judged(*said: tuple[int, int]) -> np.ndarray:
    """What a net that knows what was said would give: (unit, frames) one after the other."""
    rows = []
    for unit, frames in said:
        for frame in range(frames):
            row = np.full(PDFS, -8.0)
            row[first_pdf(unit) if frame == 0 else later_pdf(unit)] = -0.1
            rows.append(row)
    return np.array(rows)


def test_units_are_found_where_they_were_said() -> None:
    found = align(_judged((0, 4), (5, 2), (40, 5), (9, 1), (60, 6), (0, 3)), _WORDS)
    assert found is not None
    assert found.units == ((0, 0), (5, 4), (40, 6), (9, 11), (60, 12), (0, 18))
    assert found.score == pytest.approx(-0.1)


def test_a_pause_is_found_between_words_but_not_within_one() -> None:
    between = align(_judged((5, 2), (40, 4), (0, 5), (9, 2), (60, 4)), _WORDS)
    assert between is not None
    assert [unit for unit, _ in between.units] == [5, 40, 0, 9, 60]
    within = align(_judged((5, 2), (0, 5), (40, 4), (9, 2), (60, 4)), _WORDS)
    assert within is not None
    said = [unit for unit, _ in within.units]
    assert said[said.index(5) + 1] == 40


def test_a_short_lapse_of_the_net_is_no_pause() -> None:
    judged = _judged((5, 3), (40, 6), (9, 3), (60, 6))
    judged[8] = np.full(PDFS, -8.0)
    judged[8, 0] = -7.0
    found = align(judged, _WORDS)
    assert found is not None
    assert [unit for unit, _ in found.units] == [5, 40, 9, 60]


def test_too_few_frames_cannot_be_aligned() -> None:
    assert align(_judged((5, 2), (40, 2)), _WORDS) is None


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(1, 100), min_size=1, max_size=3), min_size=1, max_size=4), st.randoms())
def test_every_alignment_keeps_the_order_and_gives_each_unit_a_frame(
    words: list[list[int]], chance: object
) -> None:
    units = [unit for word in words for unit in word]
    judged = np.random.default_rng(len(units)).normal(-5, 2, (2 * len(units) + 4, PDFS))
    found = align(judged, words)
    assert found is not None
    assert [unit for unit, _ in found.units if unit] == units
    starts = [frame for _, frame in found.units]
    assert starts[0] == 0
    assert all(one < other for one, other in pairwise(starts))


def test_loud_frames_are_hardly_silence_and_quiet_ones_hardly_speech() -> None:
    judged = np.zeros((100, PDFS))
    loudness = np.where(np.arange(100) < 30, 20.0, 60.0)
    heeded = heed_loudness(judged, loudness)
    assert (heeded[30:, 0] < heeded[30:, 1]).all()
    assert (heeded[:30, 0] > heeded[:30, 1]).all()
    assert (judged == 0).all()
