"""The net with its batch normalisations folded into the affine maps beside them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.recipe.net import AcousticNet, Layer

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Affine:
    """An affine map: outputs × inputs, and the bias."""

    matrix: Array
    bias: Array


def folded(net: AcousticNet) -> list[Affine]:
    """Give the maps of all layers and of the output, normalisations folded in."""
    maps: list[Affine] = []
    for index, layer in enumerate(layers(net)):
        matrix = _array(layer.affine.weight)
        bias = np.zeros(len(matrix))
        if index == 0:
            scale, shift = _normalisation(net.input_norm)
            bias = matrix @ np.tile(shift, layer.splice)
            matrix = matrix * np.tile(scale, layer.splice)
        scale, shift = _normalisation(layer.norm)
        maps.append(Affine(matrix * scale[:, None], bias * scale + shift))
    return [*maps, Affine(_array(net.output.weight), _array(net.output.bias))]


def layers(net: AcousticNet) -> list[Layer]:
    """Give the layers before the output, first to last."""
    return [layer for layer in net.layers if isinstance(layer, Layer)]


def _normalisation(norm: nn.BatchNorm1d) -> tuple[Array, Array]:
    """Give a normalisation as scale and shift."""
    variance, mean = norm.running_var, norm.running_mean
    if variance is None or mean is None:
        raise AssertionError("a batch normalisation without running statistics")
    scale = _array(norm.weight) / np.sqrt(_array(variance) + norm.eps)
    return scale, _array(norm.bias) - _array(mean) * scale


def _array(tensor: torch.Tensor) -> Array:
    return tensor.detach().numpy().astype(np.float64)
