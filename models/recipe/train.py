"""Training: plain frame-by-frame cross entropy, which exact alignments allow.

Runs on one thread with 16-bit arithmetic; on the same machine and library versions the same seed gives the same net.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.recipe.batches import NO_LABEL, Batches
from models.recipe.data import read_shard
from models.recipe.errors import StageError
from models.recipe.net import AcousticNet
from models.recipe.size import Size
from models.recipe.units import PDFS

_WARM_UP: Final = 300  # steps over which the learning rate rises
_LEAST: Final = 0.02  # of the learning rate, at the end
_SAVED_EVERY: Final = 500  # steps
_SAID_EVERY: Final = 20  # steps


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands: the step, and the mean loss (nats a frame) and accuracy of the last steps."""

    step: int
    steps: int
    loss: float
    accuracy: float


def learning_rate(step: int, size: Size) -> float:
    """Give the learning rate of a step: a linear rise, then half a cosine."""
    falling = 0.5 * (1 + cos(pi * min(1.0, step / size.steps)))
    rising = min(1.0, (step + 1) / min(_WARM_UP, size.steps / 5))
    return size.learning_rate * rising * (_LEAST + (1 - _LEAST) * falling)


def train(folder: Path, data: Path, size: Size, seed: int, progress: Callable[[Progress], None]) -> None:
    """Train on the shards in `data` and leave `net.pt` in `folder`; an interrupted training goes on where it was.

    Raises:
        StageError: there are no shards.

    """
    shards = sorted(data.glob("shard-*.npz"))[: size.shards]
    if not shards:
        raise StageError(f"no training data in {data}: run the data stage first")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net = AcousticNet(size)
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=size.learning_rate, weight_decay=0.01, betas=(0.9, 0.98)
    )
    counts = np.zeros(PDFS)
    first = 0
    unfinished = folder / "unfinished.pt"
    if unfinished.exists():
        saved = torch.load(unfinished, weights_only=True)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        counts, first = saved["counts"].numpy(), saved["step"]
    examples = [example for shard in shards for example in read_shard(shard)]
    batches = Batches(examples, size.batch_seconds, net.context, seed)
    lost = hit = 0.0
    net.train()
    for step, (inputs, targets) in enumerate(batches.stream(skip=first), start=first):
        if step >= size.steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, size)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(inputs)
        known = targets != NO_LABEL
        loss = nn.functional.cross_entropy(logits[known], targets[known])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        counts += np.bincount(targets[known].numpy(), minlength=PDFS)
        lost += loss.item()
        hit += (logits.argmax(-1) == targets)[known].float().mean().item()
        done = step + 1
        if done % _SAID_EVERY == 0:
            progress(Progress(done, size.steps, lost / _SAID_EVERY, hit / _SAID_EVERY))
            lost = hit = 0.0
        if done % _SAVED_EVERY == 0 or done == size.steps:
            state = {"net": net.state_dict(), "optimiser": optimiser.state_dict()}
            _save(unfinished, {**state, "counts": torch.from_numpy(counts), "step": done})
    _save(folder / "net.pt", {"net": net.state_dict(), "counts": torch.from_numpy(counts)})
    unfinished.unlink(missing_ok=True)


def load(path: Path, size: Size) -> tuple[AcousticNet, NDArray[np.float64]]:
    """Load a trained net and how often each pdf was seen in training.

    Raises:
        StageError: there is no such net.

    """
    if not path.exists():
        raise StageError(f"no trained net at {path}: run the train stage first")
    saved = torch.load(path, weights_only=True)
    net = AcousticNet(size)
    net.load_state_dict(saved["net"])
    return net.eval(), saved["counts"].numpy()


def _save(path: Path, state: dict[str, object]) -> None:
    """Write a file that is either whole or not there."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
