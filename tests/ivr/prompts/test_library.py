from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from structlog.testing import capture_logs

from ivr.prompts import FOLDER, Prompts, folder_for_asterisk
from ivr.prompts.errors import PromptMissing, PromptUnreadable
from ivr.prompts.texts import load_texts
from ivr.prompts.wav import read_wav
from tests.ivr.prompts.wav_files import sine, wav

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The operator's folder of recordings."""
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def test_everything_that_calls_need_is_built_in() -> None:
    prompts = Prompts.load()
    assert prompts.keys == tuple(load_texts())
    assert prompts["greeting"] == read_wav(FOLDER / "greeting.wav").astype("<i2").tobytes()
    assert all(len(prompts[key]) % 2 == 0 for key in prompts.keys)


def test_the_operators_recording_wins_and_the_others_stay(own: Path) -> None:
    (own / "greeting.wav").write_bytes(wav(sine(0.5)))
    prompts = Prompts.load([own, FOLDER])
    assert prompts["greeting"] == read_wav(own / "greeting.wav").tobytes()
    assert prompts.source("greeting") == own / "greeting.wav"
    assert prompts.source("ask_again") == FOLDER / "ask_again.wav"


@pytest.mark.parametrize("name", ["please_hold.wav", "waiting.wav"])
def test_asterisk_plays_from_the_operators_folder_what_is_meant_for_it(own: Path, name: str) -> None:
    (own / "greeting.wav").write_bytes(wav(sine(0.5)))
    assert folder_for_asterisk(own) == FOLDER
    (own / name).write_bytes(wav(sine(0.5)))
    assert folder_for_asterisk(own) == own


def test_without_a_folder_asterisk_plays_the_built_in_announcement(own: Path) -> None:
    assert folder_for_asterisk(None) == folder_for_asterisk(own / "gone") == FOLDER
    assert (FOLDER / "please_hold.wav").is_file()


def test_a_recording_of_any_rate_and_width_is_converted(own: Path) -> None:
    stereo = np.stack([sine(1.0, 44100)] * 2, axis=1)
    (own / "greeting.wav").write_bytes(wav(stereo, rate=44100, bits=24, extensible=True))
    assert len(Prompts.load([own, FOLDER])["greeting"]) == pytest.approx(16000, abs=4)


def test_a_recording_that_cannot_be_played_is_named(own: Path) -> None:
    (own / "greeting.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(PromptUnreadable, match=r"own/greeting\.wav: it holds no sound; save it as WAV"):
        Prompts.load([own, FOLDER])


def test_a_missing_prompt_is_named_with_what_to_do(own: Path) -> None:
    shutil.copy(FOLDER / "greeting.wav", own)
    with pytest.raises(
        PromptMissing,
        match=r"prompt ask_again\.wav .*own; run `python -m ivr\.prompts make --only ask_again`",
    ):
        Prompts.load([own])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptMissing, match="gone is not there"):
        Prompts.load([tmp_path / "gone", FOLDER])


def test_a_misspelt_file_is_warned_of(own: Path) -> None:
    (own / "greting.wav").write_bytes(wav(sine(0.1)))
    (own / "waiting.wav").write_bytes(wav(sine(0.1)))
    with capture_logs() as logs:
        Prompts.load([own, FOLDER])
    assert [(line["event"], line["files"]) for line in logs] == [("prompts.unknown_files", ["greting.wav"])]


def test_only_some_keys(own: Path) -> None:
    (own / "greeting.wav").write_bytes(wav(sine(0.1)))
    prompts = Prompts.load([own], keys=["greeting"])
    assert prompts.keys == ("greeting",)
    with pytest.raises(KeyError):
        prompts["ask_again"]
