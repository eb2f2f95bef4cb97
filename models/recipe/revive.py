"""A finished model's net made trainable again, from the files that libvosk reads.

An operator has only these. The normalisations are folded into the maps, where they stay; weights of one byte are as
exact as the model that is to be improved.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from models.recipe.errors import StageError
from models.recipe.fold import layers
from models.recipe.kaldi_reader import Array, KaldiReader
from models.recipe.net import AcousticNet
from models.recipe.size import SIZES
from models.recipe.trained import TrainedNet

_FRAMES: Final = 1e7  # stands for all training frames, of which only the shares are known
_NEVER_SEEN: Final = 0.99  # see `export.priors`


def revive(model: Path) -> TrainedNet:
    """Read `am/final.mdl` and `am/global_cmvn.stats` of a model that this recipe made.

    Raises:
        StageError: there is no such model, or it was made by another recipe.

    """
    path, stats = model / "am" / "final.mdl", model / "am" / "global_cmvn.stats"
    for needed in (path, stats):
        if not needed.exists():
            raise StageError(f"{needed} is missing: only models of this recipe's newest form can be adapted")
    reader = KaldiReader(path.read_bytes(), str(path))
    reader.skip_to("<Nnet3>")
    maps: list[tuple[Array, Array]] = []
    while reader.has("<LinearParams>"):
        reader.skip_to("<LinearParams>")
        matrix = reader.matrix()
        reader.skip_to("<BiasParams>")
        maps.append((matrix, reader.vector()))
    reader.skip_to("<Priors>")
    priors = reader.vector()
    statistics = KaldiReader(stats.read_bytes(), str(stats))
    statistics.skip_binary_mark()
    sums = statistics.matrix()[0]
    counts = np.where(priors > _NEVER_SEEN, 0.0, priors * _FRAMES)
    return TrainedNet(_net(maps, path), counts, sums[:-1] / sums[-1])


def _net(maps: list[tuple[Array, Array]], path: Path) -> AcousticNet:
    """Put maps into a net whose normalisations change nothing."""
    if len(maps) < 3:
        raise StageError(f"{path} holds too few layers: it was not made by this recipe")
    size = replace(
        SIZES["full"],
        narrow=len(maps[0][0]),
        wide=len(maps[1][0]),
        residual_layers=len(maps) - 3,
        dropout=0.0,
    )
    net = AcousticNet(size)
    with torch.no_grad():
        _neutral(net.input_norm)
        for layer, (matrix, bias) in zip(layers(net), maps, strict=False):
            if layer.affine.weight.shape != matrix.shape:
                raise StageError(f"{path} has layers of another form: it was not made by this recipe")
            layer.affine.weight.copy_(torch.from_numpy(matrix))
            _neutral(layer.norm)
            layer.norm.bias.copy_(torch.from_numpy(bias))
        net.output.weight.copy_(torch.from_numpy(maps[-1][0]))
        net.output.bias.copy_(torch.from_numpy(maps[-1][1]))
    return net.eval()


def _neutral(norm: nn.BatchNorm1d) -> None:
    """Let a normalisation pass everything as it is."""
    norm.reset_running_stats()
    norm.reset_parameters()
    if norm.running_var is not None:
        norm.running_var.fill_(1 - norm.eps)
