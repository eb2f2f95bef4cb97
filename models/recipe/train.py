"""Training: plain frame-by-frame cross entropy, which exact alignments allow.

On a GPU when there is one, else on two threads with 16-bit arithmetic. The net that is kept is the running mean of the
nets of the last some hundred steps (Polyak averaging), which hears strangers better than any one of them.
"""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from itertools import islice
from math import cos, pi
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from models.recipe.batches import NO_LABEL, Batches, Source
from models.recipe.cmn import Mean
from models.recipe.net import AcousticNet
from models.recipe.size import Size
from models.recipe.trained import TrainedNet, save
from models.recipe.units import PDFS

_WARM_UP: Final = 300  # steps over which the learning rate rises
_LEAST: Final = 0.02  # of the learning rate, at the end
_SMOOTHING: Final = 0.05  # of the labels, since some boundaries are a frame off
_MEMORY: Final = 300  # steps that the running mean of the nets looks back
_THREADS: Final = 1  # a second one gains little and makes other work on the machine wait
_SAVED_EVERY: Final = 200  # steps
_SAID_EVERY: Final = 20  # steps
_TRIED_EVERY: Final = 200  # steps
_TRIAL_BATCHES: Final = 8


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands: the step, and the mean loss (nats a frame) and accuracy of the last steps."""

    step: int
    steps: int
    loss: float
    accuracy: float
    strangers: float | None = None
    """Share of right frames on the trial, of the averaged net; None where it was not tried at this step."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a training learns from: the sources, and speech that it is tried on and never learns from."""

    sources: Sequence[Source]
    mean: Mean
    steps: int
    learning_rate: float
    trial: Source | None = None
    start: TrainedNet | None = None
    """The net to go on from; None begins with a random one."""
    frozen_norms: bool = False
    """Whether batch normalisations stay as they are (those of a revived net stand for nothing)."""


def learning_rate(step: int, course: Course) -> float:
    """Give the learning rate of a step: a linear rise, then half a cosine."""
    falling = 0.5 * (1 + cos(pi * min(1.0, step / course.steps)))
    rising = min(1.0, (step + 1) / min(_WARM_UP, course.steps / 5))
    return course.learning_rate * rising * (_LEAST + (1 - _LEAST) * falling)


class Training:
    """One training: a net, its running mean, the optimiser, and how far it has come."""

    def __init__(self, size: Size, course: Course, seed: int) -> None:
        torch.set_num_threads(_THREADS)
        torch.manual_seed(seed)
        self._course = course
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        net = AcousticNet(size) if course.start is None else deepcopy(course.start.net)
        self._net = net.to(self._device).train()
        if course.frozen_norms:
            for module in self._net.modules():
                if isinstance(module, nn.BatchNorm1d):
                    module.eval()
        self._mean_net = deepcopy(self._net).eval()
        self._optimiser = torch.optim.AdamW(
            self._net.parameters(), lr=course.learning_rate, weight_decay=0.01, betas=(0.9, 0.98), fused=True
        )
        self._counts = np.zeros(PDFS)
        self._curve: list[Progress] = []
        self._batches = Batches(course.sources, size.batch_seconds, self._net.context, course.mean, seed)
        self._trial = (
            list(islice(self._unperturbed(course.trial, size, seed).stream(), _TRIAL_BATCHES))
            if course.trial
            else []
        )
        self.step = 0

    def run(self, path: Path, progress: Callable[[Progress], None]) -> None:
        """Train to the end and write the net to `path`, and the curve beside it; goes on where it was interrupted."""
        unfinished = path.with_suffix(".unfinished")
        if unfinished.exists():
            self._load(unfinished)
        steps = self._course.steps
        lost = hit = 0.0
        for inputs, targets in self._batches.stream(skip=self.step):
            if self.step >= steps:
                break
            loss, accuracy = self._learn(inputs.to(self._device), targets.to(self._device))
            lost, hit = lost + loss, hit + accuracy
            self.step += 1
            if self.step % _SAID_EVERY == 0:
                tried = self._try() if self.step % _TRIED_EVERY == 0 or self.step == steps else None
                said = Progress(self.step, steps, lost / _SAID_EVERY, hit / _SAID_EVERY, tried)
                self._curve.append(said)
                progress(said)
                lost = hit = 0.0
            if self.step % _SAVED_EVERY == 0:
                self._save(unfinished)
        path.with_suffix(".json").write_text(json.dumps([asdict(said) for said in self._curve]) + "\n")
        TrainedNet(self._mean_net.cpu(), self._counts, self._course.mean).save(path)
        unfinished.unlink(missing_ok=True)

    def _learn(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[float, float]:
        """Take one step; gives loss and accuracy."""
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self._course)
        with torch.autocast(self._device.type, torch.bfloat16):
            logits = self._net(inputs)
        known = targets != NO_LABEL
        loss = nn.functional.cross_entropy(logits[known], targets[known], label_smoothing=_SMOOTHING)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._net.parameters(), 5.0)
        self._optimiser.step()
        self._average()
        self._counts += np.bincount(targets[known].cpu().numpy(), minlength=PDFS)
        return loss.item(), (logits.argmax(-1) == targets)[known].float().mean().item()

    def _average(self) -> None:
        """Move the running mean towards the net; at first it follows quickly."""
        weight = max(1 / _MEMORY, 1 / (self.step / 2 + 1))
        mine, theirs = self._mean_net.state_dict(), self._net.state_dict()
        for name, value in mine.items():
            if value.is_floating_point():
                value.lerp_(theirs[name], weight)
            else:
                value.copy_(theirs[name])

    def _try(self) -> float | None:
        """Give the share of right frames on the trial."""
        right = frames = 0
        for inputs, targets in self._trial:
            known = targets != NO_LABEL
            with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16):
                best = self._mean_net(inputs.to(self._device)).argmax(-1).cpu()
            right += int((best == targets)[known].sum())
            frames += int(known.sum())
        return right / frames if frames else None

    def _unperturbed(self, source: Source, size: Size, seed: int) -> Batches:
        return Batches(
            [source], size.batch_seconds, self._net.context, self._course.mean, seed, perturbed=False
        )

    def _save(self, path: Path) -> None:
        save(
            path,
            {
                "net": self._net.state_dict(),
                "mean_net": self._mean_net.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "counts": torch.from_numpy(self._counts),
                "step": self.step,
                "curve": [asdict(said) for said in self._curve],
            },
        )

    def _load(self, path: Path) -> None:
        saved = torch.load(path, weights_only=True, map_location=self._device)
        self._net.load_state_dict(saved["net"])
        self._mean_net.load_state_dict(saved["mean_net"])
        self._optimiser.load_state_dict(saved["optimiser"])
        self._counts = saved["counts"].cpu().numpy()
        self._curve = [Progress(**said) for said in saved["curve"]]
        self.step = saved["step"]
