from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.features import SAMPLE_RATE
from models.recipe.knocks import knocks


@given(st.integers(0), st.integers(1, 20_000))
def test_knocks_fill_their_length_and_stay_in_range(seed: int, samples: int) -> None:
    signal = knocks(samples, Random(seed), np.random.default_rng(seed))
    assert len(signal) == samples
    assert np.isfinite(signal).all()
    assert np.abs(signal).max() <= 1


@pytest.mark.parametrize("seed", range(5))
def test_knocks_are_short_and_between_them_it_is_quiet(seed: int) -> None:
    signal = knocks(20 * SAMPLE_RATE, Random(seed), np.random.default_rng(seed))
    blocks = np.abs(signal.reshape(-1, SAMPLE_RATE // 100)).max(axis=1)
    loud = blocks > 0.1
    assert 0.005 < loud.mean() < 0.4
    assert int((np.diff(loud.astype(int)) == 1).sum()) >= 8
