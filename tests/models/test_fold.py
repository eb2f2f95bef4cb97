import dataclasses

import numpy as np
import pytest
import torch

from models.recipe.features import DIMENSION
from models.recipe.fold import folded, layers
from models.recipe.net import AcousticNet
from models.recipe.size import SIZES
from models.recipe.units import PDFS

_TINY = dataclasses.replace(SIZES["small"], narrow=8, wide=12, residual_layers=2)


@pytest.fixture
def net() -> AcousticNet:
    """A net whose normalisations have seen something."""
    torch.manual_seed(1)
    net = AcousticNet(_TINY).train()
    with torch.no_grad():
        for _ in range(30):
            net(torch.randn(4, 80, DIMENSION) * 3 + torch.arange(DIMENSION) / 5)
    return net.eval()


def _by_hand(net: AcousticNet, frames: np.ndarray) -> np.ndarray:
    """Run the folded maps with nothing but NumPy, as Kaldi would."""
    maps = folded(net)
    hidden = frames
    for layer, affine in zip(layers(net), maps[:-1], strict=True):
        outputs = (len(hidden) - layer.splice) // layer.stride + 1
        rows = [hidden[at * layer.stride : at * layer.stride + layer.splice].ravel() for at in range(outputs)]
        mapped = np.maximum(np.stack(rows) @ affine.matrix.T + affine.bias, 0)
        middle = layer.splice // 2
        hidden = mapped + hidden[middle : middle + outputs] if layer.residual else mapped
    return hidden @ maps[-1].matrix.T + maps[-1].bias


def test_folded_maps_compute_the_same(net: AcousticNet) -> None:
    frames = torch.randn(1, 40, DIMENSION) * 3
    with torch.no_grad():
        expected = net(frames)[0].numpy()
    assert np.allclose(_by_hand(net, frames[0].numpy().astype(np.float64)), expected, atol=1e-3)


def test_maps_have_the_shapes_of_their_layers(net: AcousticNet) -> None:
    shapes = [affine.matrix.shape for affine in folded(net)]
    assert shapes == [(8, 5 * DIMENSION), (12, 3 * 8), (12, 3 * 12), (12, 3 * 12), (PDFS, 12)]


def test_layers_come_first_to_last(net: AcousticNet) -> None:
    assert [layer.stride for layer in layers(net)] == [1, 3, 1, 1]
    assert [layer.residual for layer in layers(net)] == [False, False, True, True]
