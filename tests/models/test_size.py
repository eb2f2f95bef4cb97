import dataclasses

import pytest

from models.recipe.size import SIZES


def test_there_is_a_full_and_a_small_size() -> None:
    assert {name: size.name for name, size in SIZES.items()} == {"full": "full", "small": "small"}


def test_the_small_size_is_smaller_in_every_way() -> None:
    full, small = dataclasses.asdict(SIZES["full"]), dataclasses.asdict(SIZES["small"])
    for key in ("shards", "shard_seconds", "narrow", "wide", "residual_layers", "steps", "text_sentences"):
        assert small[key] < full[key], key


@pytest.mark.parametrize("name", sorted(SIZES))
def test_a_size_cannot_be_changed(name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SIZES[name].steps = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        SIZES["other"] = SIZES[name]  # type: ignore[index]


@pytest.mark.parametrize("name", sorted(SIZES))
def test_every_size_sees_its_data_at_least_once(name: str) -> None:
    size = SIZES[name]
    assert size.steps * size.batch_seconds > size.shards * size.shard_seconds
