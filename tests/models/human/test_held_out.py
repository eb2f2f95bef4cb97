from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.human import held_out
from models.recipe.human.clips import RATE, HumanClip, clips
from models.recipe.human.held_out import part
from models.recipe.recording import Recording

_SENTENCES = st.text("报警着火了没有电快来人", min_size=1, max_size=4)


def _clip(text: str) -> HumanClip:
    return HumanClip("a.wav", text, (), np.zeros(RATE, np.float32))


@given(st.lists(_SENTENCES, max_size=60), st.integers(), st.none() | st.integers(1, 5))
def test_no_sentence_is_both_learned_and_held_out(texts: list[str], seed: int, most: int | None) -> None:
    found = [_clip(text) for text in texts]
    kept, out = part(found, seed, most)
    assert len(kept) + len(out) == len(found)
    assert not {clip.text for clip in kept} & {clip.text for clip in out}
    different = len({clip.text for clip in out})
    assert different <= (most or len(texts))
    assert (different > 0) == (len(set(texts)) >= held_out.FEWEST)


def test_signs_do_not_make_another_sentence() -> None:
    found = [
        _clip(f"报警{number}{sign}") for number in "一二三四五六七八九十" for sign in ("", "！", "。", " ")
    ]
    for seed in range(5):
        kept, out = part(found, seed)
        assert len(out) == 4
        assert not {clip.text[:3] for clip in kept} & {clip.text[:3] for clip in out}


def test_syllables_are_for_learning() -> None:
    kept, out = part(
        [*(_clip(f"ban{tone}") for tone in range(1, 6)), *(_clip(c) for c in "报警着火没有电快来人")], 1
    )
    assert len(out) == 1
    assert {clip.text for clip in kept} >= {f"ban{tone}" for tone in range(1, 6)}


def test_a_recording_comes_over_an_a_law_line(recorded: Callable[..., Path]) -> None:
    (clip,) = clips(recorded("着火了！"))
    heard = held_out.recording(clip, "people")
    assert (heard.set_name, heard.text) == ("people", "着火了")
    assert len(heard.pcm) // 2 == pytest.approx(len(clip.samples) * 0.8, abs=2)
    assert len(np.unique(np.frombuffer(heard.pcm, "<i2"))) <= 256


@given(st.lists(st.tuples(_SENTENCES, st.binary(max_size=20).map(lambda data: data * 2)), max_size=5))
def test_what_is_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("held") / "folder" / "recordings.npz"
    recordings = [Recording("people", text, pcm) for text, pcm in said]
    held_out.save(path, recordings)
    assert held_out.load(path) == recordings
