from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.evaluation.shares import Share

shares = st.integers(1, 10_000).flatmap(lambda n: st.builds(Share, st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (391, 391, 0.9903, 1.0)],
)
def test_wilsons_interval_against_published_values(hits: int, total: int, low: float, high: float) -> None:
    assert Share(hits, total).interval == pytest.approx((low, high), abs=1e-4)


def test_without_a_case_everything_is_possible_and_nothing_is_reached() -> None:
    assert Share(0, 0).rate is None
    assert Share(0, 0).interval == (0.0, 1.0)
    assert not Share(0, 0).reaches(0.0)


@given(shares)
def test_the_interval_holds_the_share(share: Share) -> None:
    low, high = share.interval
    assert share.rate is not None
    assert 0 <= low <= share.rate + 1e-12
    assert share.rate - 1e-12 <= high <= 1
    assert share.reaches(share.rate)


@given(shares)
def test_more_cases_of_the_same_share_say_more(share: Share) -> None:
    low, high = share.interval
    narrower_low, narrower_high = Share(share.hits * 4, share.total * 4).interval
    assert narrower_high - narrower_low < high - low
