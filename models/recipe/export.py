"""The trained net as libvosk's `am/` folder: `final.mdl` and `global_cmvn.stats`.

`final.mdl` holds transition model, network and priors, as Kaldi's AmNnetSimple has them.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe import cmn
from models.recipe.kaldi_binary import KaldiWriter
from models.recipe.nnet3 import write_net
from models.recipe.phones import PHONES, unit_of
from models.recipe.trained import TrainedNet
from models.recipe.units import first_pdf, later_pdf

_RAREST: Final = 10  # frames; a pdf seen less often never wins
# Of all frames. Divided by less, a sound that was hardly ever trained is heard in every pause: 卜 ("bo" without a tone,
# one frame in a million) stood at the end of every sentence.
_LEAST_SHARE: Final = 1e-4

Array = NDArray[np.float64]


def priors(counts: Array) -> Array:
    """Give the share of every pdf in training; 1 for those hardly seen, since libvosk divides by it."""
    shares = np.maximum(counts / counts.sum(), _LEAST_SHARE)
    return np.where(counts < _RAREST, 1.0, shares)


def write_model(folder: Path, trained: TrainedNet) -> None:
    """Write the `am/` folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cmn.write_stats(folder / "global_cmvn.stats", trained.mean)
    with (folder / "final.mdl").open("wb") as file:
        writer = KaldiWriter(file)
        writer.begin()
        _write_transitions(writer)
        write_net(writer, trained.net)
        writer.token("<LeftContext>")  # libvosk works both out again
        writer.integer(0)
        writer.token("<RightContext>")
        writer.integer(0)
        writer.token("<Priors>")
        writer.vector(priors(trained.counts))


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
