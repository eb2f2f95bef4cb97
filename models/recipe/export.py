"""The trained net as Kaldi's `am/final.mdl`: transition model, nnet3 network and priors.

Batch normalisation is folded into the affine map before it (that of the input into the first map), so only Kaldi's
plain components are used. All maps but the first two are stored in one byte a number; folding gives those two a
range too wide for that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.recipe.features import DIMENSION
from models.recipe.kaldi_binary import KaldiWriter
from models.recipe.net import SUBSAMPLING, AcousticNet, Layer
from models.recipe.phones import PHONES, unit_of
from models.recipe.units import PDFS, first_pdf, later_pdf

_WHOLE_PRECISION: Final = 2  # layers
_RAREST: Final = 10  # frames; a pdf seen less often never wins

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Affine:
    """An affine map: outputs × inputs, and the bias."""

    matrix: Array
    bias: Array


def folded(net: AcousticNet) -> list[Affine]:
    """Give the maps of all layers and of the output, normalisations folded in."""
    maps: list[Affine] = []
    for index, layer in enumerate(_layers(net)):
        matrix = _array(layer.affine.weight)
        bias = np.zeros(len(matrix))
        if index == 0:
            scale, shift = _normalisation(net.input_norm)
            bias = matrix @ np.tile(shift, layer.splice)
            matrix = matrix * np.tile(scale, layer.splice)
        scale, shift = _normalisation(layer.norm)
        maps.append(Affine(matrix * scale[:, None], bias * scale + shift))
    return [*maps, Affine(_array(net.output.weight), _array(net.output.bias))]


def priors(counts: Array) -> Array:
    """Give the share of every pdf in training; 1 for those hardly seen, since libvosk divides by it."""
    shares = np.maximum(counts, 1) / counts.sum()
    return np.where(counts < _RAREST, 1.0, shares)


def write_model(path: Path, net: AcousticNet, counts: Array) -> None:
    """Write `final.mdl`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = KaldiWriter(file)
        writer.begin()
        _write_transitions(writer)
        _write_net(writer, net)
        writer.token("<LeftContext>")  # libvosk works both out again
        writer.integer(0)
        writer.token("<RightContext>")
        writer.integer(0)
        writer.token("<Priors>")
        writer.vector(priors(counts))


def _write_transitions(writer: KaldiWriter) -> None:
    """Write one topology for all phones, and the two pdfs of each (`hmm/transition-model.cc`)."""
    writer.token("<TransitionModel>")
    writer.token("<Topology>")
    writer.integers(range(1, PHONES + 1))
    writer.integers([-1] + [0] * PHONES)
    writer.integer(-1)  # the newer format, with a pdf class of its own for self-loops
    writer.integer(1)
    writer.integer(2)  # states: the emitting one, then the last
    for number in (0, 1, 2):  # pdf class of the first frame, of the self-loop, number of transitions
        writer.integer(number)
    for destination in (0, 1):
        writer.integer(destination)
        writer.single(0.5)
    for number in (-1, -1, 0):
        writer.integer(number)
    writer.token("</Topology>")
    writer.token("<Tuples>")
    writer.integer(PHONES)
    for phone in range(1, PHONES + 1):
        unit = unit_of(phone)
        for number in (phone, 0, first_pdf(unit), later_pdf(unit)):
            writer.integer(number)
    writer.token("</Tuples>")
    writer.token("<LogProbs>")
    writer.vector([0.0, *[float(np.log(0.5))] * (2 * PHONES)])
    writer.token("</LogProbs>")
    writer.token("</TransitionModel>")


def _write_net(writer: KaldiWriter, net: AcousticNet) -> None:
    """Write the network: its graph as text, then its components (`nnet3/nnet-nnet.cc`)."""
    maps = folded(net)
    writer.token("<Nnet3>")
    writer.line()
    for line in _graph(net):
        writer.line(line)
    writer.line()
    writer.token("<NumComponents>")
    residual = sum(layer.residual for layer in _layers(net))
    writer.integer(2 * len(maps) + residual)
    for number, (layer, affine) in enumerate(zip(_layers(net), maps, strict=False), start=1):
        _write_affine(writer, f"layer{number}.affine", affine, whole=number <= _WHOLE_PRECISION)
        _write_pointwise(writer, f"layer{number}.relu", "RectifiedLinearComponent", len(affine.bias))
        if layer.residual:
            _open(writer, f"layer{number}.sum", "NoOpComponent")
            writer.token("<Dim>")
            writer.integer(len(affine.bias))
            writer.token("<BackpropScale>")
            writer.single(1.0)
            writer.token("</NoOpComponent>")
    _write_affine(writer, "output.affine", maps[-1], whole=False)
    _write_pointwise(writer, "output.log-softmax", "LogSoftmaxComponent", PDFS)
    writer.token("</Nnet3>")


def _graph(net: AcousticNet) -> Iterator[str]:
    """Give the lines that say how components hang together."""
    yield f"input-node name=input dim={DIMENSION}"
    before = "input"
    for number, layer in enumerate(_layers(net), start=1):
        name = f"layer{number}"
        reach = layer.splice // 2
        step = SUBSAMPLING if number > _WHOLE_PRECISION else 1  # after the second layer frames are 30 ms apart
        spliced = ", ".join(_offset(before, step * at) for at in range(-reach, reach + 1))
        yield f"component-node name={name}.affine component={name}.affine input=Append({spliced})"
        yield f"component-node name={name}.relu component={name}.relu input={name}.affine"
        if layer.residual:
            yield f"component-node name={name}.sum component={name}.sum input=Sum({before}, {name}.relu)"
        before = f"{name}.sum" if layer.residual else f"{name}.relu"
    yield f"component-node name=output.affine component=output.affine input={before}"
    yield "component-node name=output.log-softmax component=output.log-softmax input=output.affine"
    yield "output-node name=output input=output.log-softmax objective=linear"


def _offset(node: str, frames: int) -> str:
    return f"Offset({node}, {frames})" if frames else node


def _write_affine(writer: KaldiWriter, name: str, affine: Affine, *, whole: bool) -> None:
    _open(writer, name, "FixedAffineComponent")
    writer.token("<LinearParams>")
    if whole:
        writer.matrix(affine.matrix)
    else:
        writer.byte_matrix(affine.matrix)
    writer.token("<BiasParams>")
    writer.vector(affine.bias)
    writer.token("</FixedAffineComponent>")


def _write_pointwise(writer: KaldiWriter, name: str, kind: str, width: int) -> None:
    _open(writer, name, kind)
    writer.token("<Dim>")
    writer.integer(width)
    for statistic in ("<ValueAvg>", "<DerivAvg>"):
        writer.token(statistic)
        writer.vector([])
    writer.token("<Count>")
    writer.double(0.0)
    writer.token(f"</{kind}>")


def _open(writer: KaldiWriter, name: str, kind: str) -> None:
    writer.token("<ComponentName>")
    writer.token(name)
    writer.token(f"<{kind}>")


def _layers(net: AcousticNet) -> list[Layer]:
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
