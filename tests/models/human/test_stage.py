"""From recordings to training data, with a net that has learned nothing: form, not quality."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from models.recipe.data import read_shard
from models.recipe.errors import RecordingError
from models.recipe.features import DIMENSION
from models.recipe.human import store
from models.recipe.human.clips import RATE
from models.recipe.human.stage import folder_of, prepare, recordings, texts
from models.recipe.net import AcousticNet
from models.recipe.size import SIZES
from models.recipe.trained import TrainedNet
from models.recipe.units import PDFS

_TINY = dataclasses.replace(
    SIZES["small"], narrow=16, wide=16, residual_layers=1, human_shards=2, shard_seconds=5.0
)


@pytest.fixture(scope="module")
def net() -> TrainedNet:
    torch.manual_seed(1)
    return TrainedNet(AcousticNet(_TINY).eval(), np.ones(PDFS) * 100, np.zeros(DIMENSION))


def test_recordings_become_plain_and_told_shards(
    tmp_path: Path, net: TrainedNet, recorded: Callable[..., Path]
) -> None:
    said: list[str] = []
    prepare(tmp_path / "own", recorded(), net, _TINY, 1, say=lambda _done, _total, what: said.append(what))
    plain = read_shard(tmp_path / "own" / "plain" / "shard-000.npz")
    aligned = store.load(tmp_path / "own" / "aligned.npz")
    known = texts(tmp_path / "own")
    assert len(plain) == len(aligned) == len(known) == 10  # of twelve, one is held out and the worst left out
    (listened_to,) = recordings(tmp_path / "own")
    assert listened_to.text not in known
    assert listened_to.set_name == "people, held out of recordings, A-law"
    assert len(read_shard(tmp_path / "own" / "held-out" / "shard-000.npz")) == 1
    for example, one in zip(plain, aligned, strict=True):
        assert [int(unit) for unit in example.units[:, 0]] == [unit for unit, _ in one.units]
        assert abs(len(example.features) / 100 - len(one.clip.samples) / RATE) < 0.05
    told = [read_shard(path) for path in sorted((tmp_path / "own" / "told").glob("*.npz"))]
    assert len(told) == 2
    assert all(sum(len(example.features) for example in shard) > 400 for shard in told)
    assert any("pseudo-sentences" in what for what in said)


def test_what_is_there_is_not_made_again(
    tmp_path: Path, net: TrainedNet, recorded: Callable[..., Path]
) -> None:
    corpus = recorded()
    for _ in range(2):
        prepare(tmp_path / "own", corpus, net, _TINY, 1, say=lambda *_: None)
        (tmp_path / "own" / "told" / "shard-001.npz").write_bytes(b"kept")
        (corpus / "transcripts.csv").unlink(missing_ok=True)
    assert (tmp_path / "own" / "told" / "shard-001.npz").read_bytes() == b"kept"


def test_recordings_without_known_sounds_are_left_out_and_named(
    tmp_path: Path, net: TrainedNet, recorded: Callable[..., Path]
) -> None:
    corpus = recorded("着火了", "没有电", "快来人")
    listed = (corpus / "transcripts.csv").read_text(encoding="utf-8").replace("没有电", "no power")
    (corpus / "transcripts.csv").write_text(listed, encoding="utf-8")
    said: list[str] = []
    prepare(tmp_path / "own", corpus, net, _TINY, 1, say=lambda _done, _total, what: said.append(what))
    assert any("1 left out" in what and "01.wav" in what for what in said)


def test_recordings_too_short_for_their_text_are_an_error(
    tmp_path: Path, net: TrainedNet, recorded: Callable[..., Path]
) -> None:
    corpus = recorded("着火了")
    (corpus / "transcripts.csv").write_text(f"file,text\n00.wav,{'着火了' * 40}\n", encoding="utf-8")
    with pytest.raises(RecordingError, match="fits its text"):
        prepare(tmp_path / "own", corpus, net, _TINY, 1, say=lambda *_: None)


@pytest.mark.parametrize(
    ("name", "folder"), [("S0252.tar", "S0252"), ("our calls", "our-calls"), ("a.b", "a-b")]
)
def test_every_corpus_has_a_folder(name: str, folder: str) -> None:
    assert folder_of(Path("work"), Path("x") / name) == Path("work/human") / folder
