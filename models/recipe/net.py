"""The acoustic network: a time-delay net from features to the posterior of every pdf.

Every third frame gives an output (libvosk's frame subsampling of 3). The layers use only what Kaldi's nnet3 has as
well: affine maps over spliced frames, batch normalisation (folded away on export), rectifiers and sums.
"""

from typing import Final

import torch
from torch import Tensor, nn

from models.recipe.features import DIMENSION, SUBSAMPLING
from models.recipe.size import Size
from models.recipe.units import PDFS

_FIRST_SPLICE: Final = 5
_SPLICE: Final = 3


class Layer(nn.Module):
    """Splice neighbouring frames, affine map, batch normalisation, rectifier; perhaps added to its own input."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        splice: int,
        stride: int = 1,
        *,
        residual: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.splice, self.stride, self.residual = splice, stride, residual
        self.affine = nn.Linear(inputs * splice, outputs, bias=False)
        self.norm = nn.BatchNorm1d(outputs)
        self.dropout = dropout

    def forward(self, frames: Tensor) -> Tensor:
        """Map (batch, frames, inputs) to (batch, fewer frames, outputs)."""
        batch, length, _ = frames.shape
        outputs = (length - self.splice) // self.stride + 1
        reach = (outputs - 1) * self.stride + 1
        # Offsets outermost, as nnet3's Append() orders them.
        spliced = torch.cat(
            [frames[:, offset : offset + reach : self.stride] for offset in range(self.splice)], dim=2
        )
        mapped = self.affine(spliced)
        normed = self.norm(mapped.flatten(0, 1).float()).unflatten(0, (batch, outputs))
        activated: Tensor = torch.relu(normed)
        if self.training and self.dropout:
            activated = activated * self._noise(batch, activated)
        if self.residual:
            middle = self.splice // 2
            activated = activated + frames[:, middle : middle + outputs]
        return activated

    def _noise(self, batch: int, like: Tensor) -> Tensor:
        """Draw a factor for every output of every example, one for all its frames (as in Kaldi's chain recipes)."""
        spread = 2 * self.dropout
        return 1 + spread * (2 * torch.rand(batch, 1, like.shape[2], device=like.device) - 1)


class AcousticNet(nn.Module):
    """The whole network."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.input_norm = nn.BatchNorm1d(DIMENSION)
        first = Layer(DIMENSION, size.narrow, _FIRST_SPLICE)
        second = Layer(size.narrow, size.wide, _SPLICE, SUBSAMPLING)
        others = [
            Layer(size.wide, size.wide, _SPLICE, residual=True, dropout=size.dropout)
            for _ in range(size.residual_layers)
        ]
        self.layers = nn.ModuleList([first, second, *others])
        self.output = nn.Linear(size.wide, PDFS)
        #: Frames that the network looks at on either side of the one it judges.
        self.context = _FIRST_SPLICE // 2 + _SPLICE // 2 + SUBSAMPLING * (_SPLICE // 2) * size.residual_layers

    def forward(self, frames: Tensor) -> Tensor:
        """Map (batch, frames, 43), `context` frames of padding included, to (batch, outputs, pdfs) logits."""
        hidden: Tensor = self.input_norm(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        for layer in self.layers:
            hidden = layer(hidden)
        logits: Tensor = self.output(hidden).float()
        return logits
