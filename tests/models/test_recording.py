import dataclasses

import pytest

from models.recipe.recording import Recording


def test_a_recording_cannot_be_changed() -> None:
    recording = Recording("set", "喂", b"\1\0")
    with pytest.raises(dataclasses.FrozenInstanceError):
        recording.text = "别的"  # type: ignore[misc]


def test_equal_recordings_are_equal() -> None:
    assert Recording("set", "喂", b"\1\0") == Recording("set", "喂", b"\1\0")
    assert Recording("set", "喂", b"\1\0") != Recording("set", "喂", b"\2\0")
