"""The net as Kaldi's nnet3: its graph as text, then its components (`nnet3/nnet-nnet.cc`).

All maps but the first two are stored in one byte a number; folding gives those two a range too wide for that.
"""

from collections.abc import Iterator
from typing import Final

from models.recipe.features import DIMENSION, SUBSAMPLING
from models.recipe.fold import Affine, folded, layers
from models.recipe.kaldi_binary import KaldiWriter
from models.recipe.net import AcousticNet
from models.recipe.units import PDFS

_WHOLE_PRECISION: Final = 2  # layers


def write_net(writer: KaldiWriter, net: AcousticNet) -> None:
    """Write the network."""
    maps = folded(net)
    writer.token("<Nnet3>")
    writer.line()
    for line in _graph(net):
        writer.line(line)
    writer.line()
    writer.token("<NumComponents>")
    residual = sum(layer.residual for layer in layers(net))
    writer.integer(2 * len(maps) + residual)
    for number, (layer, affine) in enumerate(zip(layers(net), maps, strict=False), start=1):
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
    for number, layer in enumerate(layers(net), start=1):
        name = f"layer{number}"
        reach = layer.splice // 2
        step = (
            SUBSAMPLING if number > _WHOLE_PRECISION else 1
        )  # after the second layer frames are 30 ms apart
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
