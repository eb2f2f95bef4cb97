from __future__ import annotations

import numpy as np

from ivr.prompts import FOLDER
from ivr.prompts.chime import LENGTH_S, PEAK, waiting_music
from ivr.prompts.library import WAITING_MUSIC
from ivr.prompts.wav import read_wav


def test_the_committed_file_is_what_the_recipe_makes() -> None:
    committed = read_wav(FOLDER / f"{WAITING_MUSIC}.wav").astype(int)
    made = waiting_music().astype(int)
    assert committed.shape == made.shape
    assert np.max(np.abs(committed - made)) <= 1, (
        "run `python -m ivr.prompts make --only waiting` and commit it"
    )


def test_it_is_quiet_and_as_long_as_it_says() -> None:
    music = waiting_music() / 32767
    assert len(music) == LENGTH_S * 8000
    assert np.max(np.abs(music)) <= PEAK + 1e-4


def test_a_caller_never_thinks_that_the_line_is_dead() -> None:
    """In every window of 2 s, over the seam too, something can be heard."""
    music = np.tile(waiting_music() / 32767, 2)
    for begin in range(0, len(music) - 16000, 4000):
        assert np.max(np.abs(music[begin : begin + 16000])) > 0.01


def test_it_can_be_repeated_without_a_click() -> None:
    music = waiting_music().astype(int)
    seam = abs(int(music[0]) - int(music[-1]))
    assert seam <= np.max(np.abs(np.diff(music)))
