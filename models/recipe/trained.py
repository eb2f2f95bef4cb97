"""A trained net in a file, with what belongs to it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from models.recipe.cmn import Mean
from models.recipe.errors import StageError
from models.recipe.net import AcousticNet
from models.recipe.size import Size


@dataclass(frozen=True, slots=True)
class TrainedNet:
    """A net, how often each pdf was seen in training, and the mean feature that its input is normalised with."""

    net: AcousticNet
    counts: NDArray[np.float64]
    mean: Mean

    def save(self, path: Path) -> None:
        """Write the net, and the size that it was made with."""
        save(
            path,
            {
                "net": self.net.state_dict(),
                "counts": torch.from_numpy(self.counts),
                "mean": torch.from_numpy(self.mean),
                "size": asdict(self.net.size),
            },
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote, ready to judge sound.

        Raises:
            StageError: there is no such net, or it cannot be read.

        """
        if not path.exists():
            raise StageError(f"no trained net at {path}: run the train stage first")
        saved = torch.load(path, weights_only=True, map_location="cpu")
        net = AcousticNet(Size(**saved["size"]))
        net.load_state_dict(saved["net"])
        return cls(net.eval(), saved["counts"].numpy(), saved["mean"].numpy())


def save(path: Path, state: dict[str, object]) -> None:
    """Write a file that is either whole or not there."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
