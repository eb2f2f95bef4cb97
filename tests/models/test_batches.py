from itertools import groupby, islice, pairwise
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.batches import NO_LABEL, Batches, Source, _blot, _quotas, _windows, labels
from models.recipe.cmn import normalise
from models.recipe.data import Example
from models.recipe.features import DIMENSION
from models.recipe.units import first_pdf, later_pdf


def _example(frames: int, *units: tuple[int, int], value: float = 0.0) -> Example:
    features = np.full((frames, DIMENSION), value, np.float16)
    features[:, 1] = np.arange(frames)
    return Example(features, np.array(units or ((0, 0),), np.int32))


@st.composite
def _alignments(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    lengths = draw(st.lists(st.integers(0, 30), min_size=1, max_size=10))
    numbers = draw(st.lists(st.integers(1, 100), min_size=len(lengths), max_size=len(lengths)))
    starts = np.cumsum([0, *lengths[:-1]])
    return np.array([(0, 0), *zip(numbers, starts.tolist(), strict=True)], np.int32), 3 + sum(lengths)


@given(_alignments(), st.integers(0, 2))
def test_labels_keep_the_order_of_units(alignment: tuple[np.ndarray, int], offset: int) -> None:
    units, frames = alignment
    found = labels(units, frames - offset, offset)
    assert len(found) == -(-(frames - offset) // 3)
    firsts = [pdf for pdf in found.tolist() if pdf and pdf % 2 == 0]
    expected = [first_pdf(int(unit)) for unit in units[1:, 0]]
    assert firsts == expected[: len(firsts)]


@given(_alignments(), st.integers(0, 2))
def test_a_units_later_frames_follow_its_first(alignment: tuple[np.ndarray, int], offset: int) -> None:
    units, frames = alignment
    found = labels(units, frames - offset, offset).tolist()
    for one, other in pairwise(found):
        if other % 2 == 1:
            assert one in (other, other - 1)


def test_labels_of_a_plain_alignment() -> None:
    units = np.array([(0, 0), (5, 6), (9, 15), (0, 21)], np.int32)
    expected = [0, 0, first_pdf(5), later_pdf(5), later_pdf(5), first_pdf(9), later_pdf(9), 0, 0, 0]
    assert labels(units, 30, 0).tolist() == expected


def test_a_unit_between_two_grid_points_still_gets_a_frame() -> None:
    units = np.array([(0, 0), (5, 4), (7, 5), (0, 12)], np.int32)
    found = labels(units, 30, 0).tolist()
    assert first_pdf(5) in found
    assert first_pdf(7) in found


_NO_MEAN = np.zeros(DIMENSION)


def _batches(
    sources: list[Source], seconds: float = 60, seed: int = 1, *, perturbed: bool = False
) -> Batches:
    return Batches(sources, seconds, 4, _NO_MEAN, seed, perturbed=perturbed)


def test_windows_cover_an_example_without_overlap_from_grid_points_on() -> None:
    windows = _windows([_example(100), _example(301), _example(1000)])
    assert [len(list(group)) for _, group in groupby(windows, lambda window: id(window.example))] == [1, 2, 4]
    for one, other in pairwise(windows):
        assert other.first == (one.last if one.example is other.example else 0)
    assert all(window.first % 3 == 0 and window.last - window.first <= 303 for window in windows)


@pytest.mark.parametrize(
    ("shares", "rows", "expected"),
    [
        ([1.0], 20, [20]),
        ([1, 1], 20, [10, 10]),
        ([0.35, 0.45, 0.2], 20, [7, 9, 4]),
        ([0.98, 0.02], 5, [5, 1]),
    ],
)
def test_a_batch_is_divided_by_shares(shares: list[float], rows: int, expected: list[int]) -> None:
    assert _quotas(shares, rows) == expected


def test_every_batch_has_speech_of_every_source() -> None:
    sources = [
        Source([_example(300, (unit, 0)) for _ in range(9)], share) for unit, share in ((5, 3.0), (9, 1.0))
    ]
    for _, targets in islice(_batches(sources, seconds=24).stream(), 5):
        firsts = sorted(int(row[1]) for row in targets)
        assert firsts == [later_pdf(5)] * 6 + [later_pdf(9)] * 2


def test_every_window_comes_once_an_epoch_in_an_order_of_its_own() -> None:
    examples = [_example(90, (unit, 0)) for unit in range(2, 22)]
    seen = [
        [int(row[1]) for row in targets]
        for _, targets in islice(_batches([Source(examples)], 15).stream(), 8)
    ]
    one, other = sum(seen[:4], []), sum(seen[4:], [])  # noqa: RUF017 - four short lists
    assert sorted(one) == sorted(other) == [later_pdf(unit) for unit in range(2, 22)]
    assert one != other


def test_inputs_have_context_and_targets_one_label_in_three_frames() -> None:
    inputs, targets = next(_batches([Source([_example(300), _example(290)])], 6).stream())
    assert inputs.shape[0] == targets.shape[0] == 2
    assert inputs.shape[1] == (targets.shape[1] - 1) * 3 + 1 + 2 * 4
    assert inputs.shape[2] == DIMENSION


def test_a_window_sees_its_neighbours_and_the_edges_repeat() -> None:
    whole = normalise(_example(450).features.astype(np.float32), _NO_MEAN)
    examples = Source([_example(450)])
    for seed in range(12):
        inputs, _ = next(_batches([examples], 6, seed).stream())
        rows = sorted(inputs[:, :, 1].numpy().tolist(), key=lambda row: row[-1])
        if rows[0][4] == pytest.approx(whole[0, 1]):  # a batch whose grid begins at the first frame
            assert rows[0][:5] == pytest.approx([whole[0, 1]] * 5)
            assert rows[1][:4] == pytest.approx(whole[221:225, 1])
            break
    else:
        pytest.fail("no batch began at the first frame")


def test_padding_has_no_label() -> None:
    _, targets = next(_batches([Source([_example(300), _example(240)])], 6).stream())
    missing = (targets == NO_LABEL).sum(dim=1).tolist()
    assert min(missing) == 0
    assert 18 <= max(missing) <= 21


def test_skipping_goes_on_where_the_stream_was() -> None:
    batches = _batches([Source([_example(100 + index) for index in range(20)])], 9, perturbed=True)
    whole = list(islice(batches.stream(), 12))
    rest = list(islice(batches.stream(skip=7), 5))
    for (a, b), (c, d) in zip(whole[7:], rest, strict=True):
        assert torch.equal(a, c)
        assert torch.equal(b, d)


def test_perturbing_changes_what_is_heard_but_not_what_is_said() -> None:
    source = Source([_example(300, (5, 0))])
    plain, labels_of_plain = next(_batches([source], 6).stream())
    changed, labels_of_changed = next(_batches([source], 6, perturbed=True).stream())
    assert not torch.allclose(plain, changed)
    assert torch.equal(labels_of_plain, labels_of_changed)


def test_blotting_silences_single_moments_only() -> None:
    blotted = 0
    for seed in range(40):
        frames = np.ones((200, DIMENSION), np.float32)
        _blot(frames, Random(seed))
        rows = int((frames == 0).any(axis=1).sum())
        assert rows <= 45
        blotted += rows > 0
    assert 10 <= blotted <= 30
