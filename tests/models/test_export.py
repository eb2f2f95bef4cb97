"""The written model computes, inside the real libvosk, what PyTorch computes."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import kaldifst
import numpy as np
import pytest
import torch
import vosk

from models.recipe.cmn import normalise
from models.recipe.export import priors, write_model
from models.recipe.features import DIMENSION, features
from models.recipe.model_conf import write_conf
from models.recipe.net import AcousticNet
from models.recipe.phones import leave, loop, phone, unit_of, word_boundaries
from models.recipe.revive import revive
from models.recipe.size import SIZES
from models.recipe.speech import Utterance
from models.recipe.trained import TrainedNet
from models.recipe.units import PDFS, first_pdf, later_pdf

_BUNDLED = Path(__file__).parents[2] / "models" / "bundled"
_TINY = dataclasses.replace(SIZES["small"], narrow=16, wide=24, residual_layers=2)
_MEAN = np.random.default_rng(2).normal(0, 3, DIMENSION)
_COUNTS = np.random.default_rng(1).integers(100, 1000, PDFS).astype(np.float64)


@pytest.fixture(scope="module")
def net() -> AcousticNet:
    torch.manual_seed(1)
    net = AcousticNet(_TINY).train()
    with torch.no_grad():
        for _ in range(20):
            net(torch.randn(4, 80, DIMENSION) * 10)
        net.output.weight *= 10  # judgements clear enough to compare
    return net.eval()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The bundled net without a graph, with a decoder that finds a graph's one path whatever it costs."""
    write_model(tmp_path / "am", revive(_BUNDLED))
    write_conf(tmp_path / "conf")
    settings = tmp_path / "conf" / "model.conf"
    kept = [
        line
        for line in settings.read_text().splitlines()
        if "acoustic-scale" not in line and "beam" not in line
    ]
    wide = ["--acoustic-scale=1.0", "--beam=1000", "--lattice-beam=2"]
    settings.write_text("\n".join([*kept, *wide]) + "\n")
    (tmp_path / "graph" / "phones").mkdir(parents=True)
    (tmp_path / "graph" / "words.txt").write_text("<eps> 0\nword 1\n")
    (tmp_path / "graph" / "phones" / "word_boundary.int").write_text(word_boundaries())
    return tmp_path


def _one_path(path: Path, number: int) -> None:
    """Write a graph whose only path stays in one phone."""
    fst = kaldifst.StdVectorFst()
    begin, inside = fst.add_state(), fst.add_state()
    fst.start = begin
    fst.add_arc(begin, kaldifst.StdArc(leave(number), 1, 0.0, inside))
    fst.add_arc(inside, kaldifst.StdArc(loop(number), 0, 0.0, inside))
    fst.set_final(inside, 0.0)
    fst.write(str(path))


def _scored_by_torch(trained: TrainedNet, samples: np.ndarray, number: int) -> float:
    net = trained.net
    frames = normalise(features(samples), trained.mean)
    length = (-(-len(frames) // 3) - 1) * 3 + 1 + 2 * net.context
    where = np.clip(np.arange(length) - net.context, 0, len(frames) - 1)
    with torch.no_grad():
        posteriors = torch.log_softmax(net(torch.from_numpy(frames[where])[None])[0], dim=1).numpy()
    scores = posteriors - np.log(priors(trained.counts))
    unit = unit_of(number)
    return float(scores[0, first_pdf(unit)] + scores[1:, later_pdf(unit)].sum())


def _scored_by_libvosk(model: Path, samples: np.ndarray) -> float:
    vosk.SetLogLevel(-1)
    recogniser = vosk.KaldiRecognizer(vosk.Model(str(model)), 8000)
    recogniser.SetMaxAlternatives(1)
    recogniser.AcceptWaveform(samples.astype("<i2").tobytes())
    (best,) = json.loads(recogniser.FinalResult())["alternatives"]
    return float(best["confidence"])


@pytest.mark.parametrize("number", [1, phone(1), phone(7, 2), phone(90, 3), phone(200, 1)])
def test_libvosk_scores_a_path_as_pytorch_does(
    model: Path, say: Callable[..., Utterance], number: int
) -> None:
    samples = np.round(np.concatenate([say("报警").samples, np.zeros(2400)]))
    _one_path(model / "graph" / "HCLG.fst", number)
    # Weights of one byte are compared with the same; pitch is tracked live in libvosk and at leisure here.
    assert _scored_by_libvosk(model, samples) == pytest.approx(
        _scored_by_torch(revive(model), samples, number), rel=0.005, abs=2
    )


def test_the_mean_of_more_than_six_seconds_is_taken_away_as_libvosk_does(
    model: Path, say: Callable[..., Utterance]
) -> None:
    spoken = [
        say(word).samples
        for word in ("报警", "着火了", "我家漏水了", "有人抢劫", "快来人", "没有电", "小区停水了")
    ]
    samples = np.round(np.concatenate([np.pad(one, 2400) for one in spoken]))
    assert len(samples) > 7 * 8000
    _one_path(model / "graph" / "HCLG.fst", phone(7, 2))
    assert _scored_by_libvosk(model, samples) == pytest.approx(
        _scored_by_torch(revive(model), samples, phone(7, 2)), rel=0.02
    )


def test_priors_are_shares_and_the_unseen_never_win() -> None:
    counts = np.array([700.0, 290.0, 0.0, 10.0, 9.0])
    found = priors(counts)
    assert found[0] == pytest.approx(700 / 1009)
    assert found.tolist()[2] == 1.0
    assert found.tolist()[4] == 1.0
    assert found[3] == pytest.approx(10 / 1009)


def test_what_was_hardly_trained_is_not_heard_everywhere() -> None:
    found = priors(np.array([999_000.0, 980.0, 20.0]))
    assert found[1] == pytest.approx(0.00098)
    assert found[2] == pytest.approx(0.0001)


def test_the_file_is_written_whole(tmp_path: Path, net: AcousticNet) -> None:
    write_model(tmp_path / "am", TrainedNet(net, _COUNTS, _MEAN))
    content = (tmp_path / "am" / "final.mdl").read_bytes()
    assert content.startswith(b"\0B<TransitionModel> <Topology> ")
    assert content.count(b"</TransitionModel> ") == 1
    assert content.index(b"<Priors> FV ") > content.index(b"</Nnet3> ")


def test_the_same_net_gives_the_same_file(tmp_path: Path, net: AcousticNet) -> None:
    for name in ("one", "other"):
        write_model(tmp_path / name, TrainedNet(net, _COUNTS, _MEAN))
    for file in ("final.mdl", "global_cmvn.stats"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()
