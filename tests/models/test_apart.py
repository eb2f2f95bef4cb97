import os
import signal
from functools import partial
from pathlib import Path

import pytest

from models.recipe.apart import apart, make_missing
from models.recipe.errors import StageError


def _fails() -> None:
    raise StageError("no phonemes")


def _dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fails_to_make(_path: Path, _seed: str) -> None:
    _fails()


def _make(path: Path, seed: str, word: str) -> None:
    path.write_text(f"{word} {seed} {os.getpid()}")


def test_work_is_done_in_another_process_and_errors_come_back() -> None:
    assert apart(os.getpid) != os.getpid()
    with pytest.raises(StageError, match="no phonemes"):
        apart(_fails)


def test_a_process_that_is_killed_is_told_of() -> None:
    with pytest.raises(StageError, match="killed"):
        apart(_dies)


def test_only_what_is_missing_is_made_each_in_its_own_process(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    (folder / "shard-001.npz").write_text("kept")
    said: list[tuple[int, int]] = []
    make_missing(folder, 3, partial(_make, word="made"), 7, lambda done, total: said.append((done, total)))
    first, kept, last = (path.read_text() for path in sorted(folder.iterdir()))
    assert kept == "kept"
    assert first.startswith("made 7/shard-000 ")
    assert last.startswith("made 7/shard-002 ")
    assert first.split()[2] != last.split()[2]
    assert said == [(1, 3), (2, 3), (3, 3)]


def test_a_shard_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no phonemes"):
        make_missing(tmp_path, 2, _fails_to_make, 7, lambda _done, _total: None)
