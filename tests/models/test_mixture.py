from pathlib import Path

import numpy as np
import pytest

from models.recipe.data import Example, write_shard
from models.recipe.errors import StageError
from models.recipe.features import DIMENSION
from models.recipe.mixture import mixture, synthetic, trial


def _shard(path: Path, frames: int, number: int = 2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    example = Example(np.zeros((frames, DIMENSION), np.float16), np.array([(0, 0)], np.int32))
    write_shard(path, [example] * number)


def test_as_many_shards_are_read_as_wanted_and_snippets_left_out(tmp_path: Path) -> None:
    for number in range(3):
        _shard(tmp_path / f"shard-00{number}.npz", 50)
    _shard(tmp_path / "shard-001.npz", 10)
    assert len(synthetic(tmp_path, 3)) == 4
    assert len(synthetic(tmp_path, 2)) == 2


def test_without_shards_the_stage_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="data stage"):
        synthetic(tmp_path, 3)


def test_human_speech_is_most_of_a_mixture_and_corpora_share_it(tmp_path: Path) -> None:
    for corpus in ("one", "other"):
        _shard(tmp_path / corpus / "told" / "shard-000.npz", 60)
        _shard(tmp_path / corpus / "plain" / "shard-000.npz", 40)
    own = [Example(np.zeros((50, DIMENSION), np.float16), np.array([(0, 0)], np.int32))]
    shares = [source.share for source in mixture(own, [tmp_path / "one", tmp_path / "other"])]
    assert shares == pytest.approx([0.25, 0.3, 0.075, 0.3, 0.075])
    assert [source.share for source in mixture(own, [])] == [1.0]


def test_a_net_is_tried_on_what_was_held_out(tmp_path: Path) -> None:
    _shard(tmp_path / "one" / "held-out" / "shard-000.npz", 60)
    _shard(tmp_path / "other" / "plain" / "shard-000.npz", 40)
    source = trial([tmp_path / "one", tmp_path / "other"])
    assert source is not None
    assert [len(example.features) for example in source.examples] == [60, 60]
    assert trial([tmp_path / "other"]) is None
