"""Without a model there is no speech, and the interface says so as a full pool does."""

from __future__ import annotations

from pathlib import Path

import pytest

from asr.errors import ModelNotFound, PoolMissing
from asr.models import ModelShelf
from asr.pool import DecodePool
from ivr.decoders import Decoders, NoDecoders, model_folder
from tests.ivr.scripted_engine import ScriptedEngine


def test_no_decoders_take_nobody_and_say_why() -> None:
    assert NoDecoders("the model is broken").load.capacity == 0
    with pytest.raises(PoolMissing, match="the model is broken"):
        NoDecoders("the model is broken").open(lambda _: None, lambda _: None)


def test_the_real_pool_is_what_the_dialogue_needs() -> None:
    with DecodePool(ScriptedEngine(), 1, 1, 1.0) as pool:
        decoders: Decoders = pool
        decoders.open(lambda _: None, None).cancel()
        assert pool.load.calls == 0


def test_a_folder_is_taken_as_it_is_and_a_name_is_looked_for_on_the_shelf(tmp_path: Path) -> None:
    shelf = ModelShelf(tmp_path / "bundled", tmp_path / "installed")
    assert model_folder(shelf, "/models/mine") == Path("/models/mine")
    with pytest.raises(ModelNotFound, match="mine"):
        model_folder(shelf, "mine")


def test_without_a_name_it_is_the_chosen_one(tmp_path: Path, vosk_folder: Path) -> None:
    shelf = ModelShelf(vosk_folder, tmp_path / "installed")
    assert model_folder(shelf, "") == shelf.active().path
