import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from models.recipe.errors import StageError
from models.recipe.export import priors, write_model
from models.recipe.features import DIMENSION
from models.recipe.net import AcousticNet
from models.recipe.revive import revive
from models.recipe.size import SIZES
from models.recipe.trained import TrainedNet
from models.recipe.units import PDFS

_TINY = dataclasses.replace(SIZES["small"], narrow=16, wide=24, residual_layers=2)


@pytest.fixture
def trained() -> TrainedNet:
    torch.manual_seed(1)
    net = AcousticNet(_TINY).train()
    with torch.no_grad():
        for _ in range(20):
            net(torch.randn(4, 80, DIMENSION) * 3 + 1)
    counts = np.random.default_rng(1).integers(100, 1000, PDFS).astype(np.float64)
    counts[7] = 0
    return TrainedNet(net.eval(), counts, np.linspace(-20, 20, DIMENSION))


def test_a_written_net_comes_back_as_it_was(tmp_path: Path, trained: TrainedNet) -> None:
    write_model(tmp_path / "am", trained)
    back = revive(tmp_path)
    frames = torch.randn(2, 80, DIMENSION) * 3
    with torch.no_grad():
        one, other = trained.net(frames), back.net(frames)
    assert (one - other).abs().max() < 0.05  # weights of one byte
    assert back.mean == pytest.approx(trained.mean)
    assert back.net.context == trained.net.context
    assert priors(back.counts) == pytest.approx(priors(trained.counts), rel=1e-3)
    assert back.counts[7] == 0


def test_a_model_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"final\.mdl is missing"):
        revive(tmp_path)
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"\0B<TransitionModel> ")
    with pytest.raises(StageError, match=r"global_cmvn\.stats is missing"):
        revive(tmp_path)
    (tmp_path / "am" / "global_cmvn.stats").write_bytes(b"")
    with pytest.raises(StageError, match="not made by this recipe"):
        revive(tmp_path)


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.99])
def test_a_cut_file_is_refused(tmp_path: Path, trained: TrainedNet, kept: float) -> None:
    write_model(tmp_path / "am", trained)
    path = tmp_path / "am" / "final.mdl"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(StageError, match=r"final\.mdl"):
        revive(tmp_path)
