"""A model is taught with recordings: a tiny one, with a synthetic voice's, in seconds."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from asr.model_files import description
from models.recipe.adapt import Lesson, adapt
from models.recipe.apart import apart
from models.recipe.errors import RecordingError, StageError
from models.recipe.export import write_model
from models.recipe.features import DIMENSION
from models.recipe.model_conf import write_conf
from models.recipe.net import AcousticNet
from models.recipe.size import SIZES
from models.recipe.trained import TrainedNet
from models.recipe.units import PDFS, UNITS

_TINY = dataclasses.replace(SIZES["small"], narrow=48, wide=64, residual_layers=2)
_LESSON = Lesson(steps=120, learning_rate=5e-3, shards=1, shard_seconds=20, batch_seconds=12)


class _Quiet:
    @contextmanager
    def stage(self, _name: str) -> Iterator[Callable[[int, int, str], None]]:
        yield lambda _done, _total, _about: None


def _graph(folder: Path) -> None:
    from models.recipe.expansion import durations
    from models.recipe.graph import build
    from models.recipe.language_model import estimate
    from models.recipe.lexicon import UNKNOWN, pronunciations
    from models.recipe.words import cut
    from tests.models.human.conftest import SENTENCES

    text = [cut(sentence) for sentence in SENTENCES] * 3
    sounds = pronunciations({word for sentence in text for word in sentence})
    model = estimate(text, {}, frozenset(sounds) - {UNKNOWN})
    build(folder, sounds, model, durations([4.0] * len(UNITS), 1.0))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net that has learned nothing yet, with a graph of a few sentences."""
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(1)
    net = AcousticNet(_TINY).train()
    with torch.no_grad():
        for _ in range(30):
            net(torch.randn(4, 80, DIMENSION) * 5)
    write_model(folder / "am", TrainedNet(net.eval(), np.ones(PDFS) * 100, np.zeros(DIMENSION)))
    write_conf(folder / "conf")
    apart(_graph, folder / "graph")
    (folder / "README.md").write_text("figures of the old model")
    return folder


@pytest.mark.timeout(400)
def test_a_model_learns_from_recordings_and_the_held_out_part_says_so(
    tmp_path: Path, model: Path, recorded: Callable[..., Path]
) -> None:
    before, after = adapt(recorded(), model, tmp_path / "new", tmp_path / "work", _LESSON, 1, _Quiet())
    assert (before.name, after.name) == ("before", "after")
    assert before.sentences == after.sentences == 1
    assert before.characters == after.characters > 1
    assert (tmp_path / "new" / "graph" / "Gr.fst").exists()
    assert not (tmp_path / "new" / "README.md").exists()
    assert "recordings" in description(tmp_path / "new")
    old, new = ((folder / "am" / "final.mdl").read_bytes() for folder in (model, tmp_path / "new"))
    assert old != new


def test_nothing_is_overwritten(tmp_path: Path, model: Path, recorded: Callable[..., Path]) -> None:
    (tmp_path / "new").mkdir()
    with pytest.raises(StageError, match="--out"):
        adapt(recorded(), model, tmp_path / "new", tmp_path / "work", _LESSON, 1, _Quiet())


def test_too_few_recordings_are_refused(tmp_path: Path, model: Path, recorded: Callable[..., Path]) -> None:
    with pytest.raises(RecordingError, match="too few"):
        adapt(recorded("着火了"), model, tmp_path / "new", tmp_path / "work", _LESSON, 1, _Quiet())
    assert not (tmp_path / "new").exists()


def test_a_model_of_another_make_is_refused(tmp_path: Path, recorded: Callable[..., Path]) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(StageError, match="missing"):
        adapt(recorded(), tmp_path / "other", tmp_path / "new", tmp_path / "work", _LESSON, 1, _Quiet())
