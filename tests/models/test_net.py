import dataclasses

import pytest
import torch

from models.recipe.features import DIMENSION
from models.recipe.net import AcousticNet, Layer
from models.recipe.size import SIZES
from models.recipe.units import PDFS

_TINY = dataclasses.replace(SIZES["small"], narrow=8, wide=12, residual_layers=2)


@pytest.fixture
def net() -> AcousticNet:
    torch.manual_seed(1)
    return AcousticNet(_TINY).eval()


@pytest.mark.parametrize("outputs", [1, 2, 17])
def test_one_output_for_every_third_frame(net: AcousticNet, outputs: int) -> None:
    frames = torch.randn(2, (outputs - 1) * 3 + 1 + 2 * net.context, DIMENSION)
    assert net(frames).shape == (2, outputs, PDFS)


def test_an_output_depends_on_its_context_and_nothing_beyond(net: AcousticNet) -> None:
    length = 30 + 1 + 2 * net.context
    frames = torch.randn(1, length, DIMENSION)
    before = net(frames)[0, 0]
    inside, outside = frames.clone(), frames.clone()
    inside[0, 2 * net.context] += 5
    outside[0, 2 * net.context + 1 :] += 5
    assert not torch.allclose(net(inside)[0, 0], before)
    assert torch.allclose(net(outside)[0, 0], before)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_the_context_of_every_size(name: str) -> None:
    size = SIZES[name]
    assert AcousticNet(size).context == 2 + 1 + 3 * size.residual_layers


def test_a_residual_layer_adds_its_middle_frame() -> None:
    layer = Layer(4, 4, 3, residual=True).eval()
    torch.nn.init.zeros_(layer.affine.weight)
    frames = torch.randn(1, 9, 4)
    assert torch.allclose(layer(frames), frames[:, 1:8])


def test_a_layer_splices_offsets_outermost() -> None:
    layer = Layer(2, 1, 3).eval()
    with torch.no_grad():
        layer.affine.weight.copy_(torch.tensor([[1.0, 10, 100, 1000, 10_000, 100_000]]))
    frames = torch.tensor([[[1.0, 2], [3, 4], [5, 6]]])
    expected = 1 + 20 + 300 + 4000 + 50_000 + 600_000
    assert layer(frames).item() == pytest.approx(expected, rel=1e-4)


def test_the_full_net_is_small_enough_for_the_project() -> None:
    parameters = sum(parameter.numel() for parameter in AcousticNet(SIZES["full"]).parameters())
    assert parameters < 6_000_000
