from itertools import islice, pairwise
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.batches import NO_LABEL, Batches, _disturb, labels
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


def test_every_example_comes_once_an_epoch() -> None:
    examples = [_example(100 + 7 * index, value=index) for index in range(30)]
    plan = Batches(examples, seconds=5, context=3, seed=1)._plan(0)
    assert sorted(index for batch in plan for index in batch) == list(range(30))


def test_batches_keep_to_their_seconds() -> None:
    examples = [_example(100 + 40 * (index % 9)) for index in range(60)]
    for batch in Batches(examples, seconds=10, context=3, seed=1)._plan(0):
        longest = max(len(examples[index].features) for index in batch)
        assert longest * len(batch) <= 1000 or len(batch) == 1


def test_epochs_differ_and_repeat_with_their_seed() -> None:
    examples = [_example(100 + index) for index in range(50)]
    one, other = Batches(examples, 5, 3, seed=1), Batches(examples, 5, 3, seed=1)
    assert one._plan(0) == other._plan(0)
    assert one._plan(0) != one._plan(1)
    assert one._plan(0) != Batches(examples, 5, 3, seed=2)._plan(0)


def test_inputs_have_context_and_targets_one_label_in_three_frames() -> None:
    context = 21
    inputs, targets = next(Batches([_example(300), _example(290)], 60, context, seed=1).stream())
    assert inputs.shape[0] == targets.shape[0] == 2
    assert inputs.shape[1] == (targets.shape[1] - 1) * 3 + 1 + 2 * context
    assert inputs.shape[2] == DIMENSION


def test_edges_repeat_the_first_and_last_frame() -> None:
    examples = [_example(90)]
    for seed in range(12):
        inputs, _ = next(Batches(examples, 60, 4, seed=seed).stream())
        row = inputs[0, :, 1].numpy()
        if len(set(row[:5].tolist())) == 1:  # not blotted out
            assert row[0] in (0, 1, 2)
            break
    else:
        pytest.fail("no batch began with a repeated frame")


def test_padding_has_no_label() -> None:
    _, targets = next(Batches([_example(340), _example(300)], 60, 4, seed=1).stream())
    missing = (targets == NO_LABEL).sum(dim=1).tolist()
    assert min(missing) == 0
    assert 10 <= max(missing) <= 16


def test_skipping_goes_on_where_the_stream_was() -> None:
    examples = [_example(100 + index) for index in range(20)]
    batches = Batches(examples, 4, 3, seed=5)
    whole = list(islice(batches.stream(), 12))
    rest = list(islice(batches.stream(skip=7), 5))
    for (a, b), (c, d) in zip(whole[7:], rest, strict=True):
        assert torch.equal(a, c)
        assert torch.equal(b, d)


def test_disturbing_changes_loudness_or_single_moments_only() -> None:
    changed = 0
    for seed in range(40):
        frames = np.arange(200 * DIMENSION, dtype=np.float32).reshape(200, DIMENSION)
        before = frames.copy()
        _disturb(frames, Random(seed))
        rows = int((frames[:, 1:] != before[:, 1:]).any(axis=1).sum())
        assert rows <= 36
        changed += not np.array_equal(frames, before)
    assert 15 <= changed <= 40
