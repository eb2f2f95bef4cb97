"""The demonstration's callers: each kind of call once, their voices committed and up to date."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from asr.audio import read_audio
from ivr.config import ROOT
from ivr.demo.__main__ import MUMBLED, mumble
from ivr.demo.calls import AGENT, CALLS, DISPATCHER, VOICES, DemoCall
from ivr.softphone.pidf import document
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.voice import speak
from triage.decision import Route
from triage.engine import Triage

REMEDY = "run `python -m ivr.demo` and commit what it writes"
SOUNDS = {
    **{call.key: (call.spoken or MUMBLED, call.voice, not call.spoken) for call in CALLS if call.sounds},
    **{member.name: (member.spoken, member.voice, False) for member in (DISPATCHER, AGENT)},
}


def test_one_of_each_kind() -> None:
    """Police, livelihood, silence, a key, mumbling: only the clear livelihood request may leave the police."""
    assert len({call.key for call in CALLS}) == len({call.number for call in CALLS}) == len(CALLS)
    assert [call.key for call in CALLS if call.route is Route.MINSHENG] == ["burst_pipe"]
    assert any(call.keys for call in CALLS)
    assert any(not call.sounds and not call.keys for call in CALLS)
    assert any(call.sounds and not call.spoken for call in CALLS)


@pytest.mark.parametrize("call", [call for call in CALLS if call.spoken], ids=lambda call: call.key)
def test_what_is_said_decides_as_the_table_promises(call: DemoCall) -> None:
    assert Triage.load().decide(call.spoken).route is call.route


@pytest.mark.parametrize("call", [call for call in CALLS if call.location], ids=lambda call: call.key)
def test_every_location_can_be_sent(call: DemoCall) -> None:
    assert call.location is not None
    assert b"<" in document(call.location)


def test_exactly_these_voice_files_are_there() -> None:
    assert {path.name for path in VOICES.iterdir()} == {f"{name}.wav" for name in SOUNDS}
    assert VOICES.is_relative_to(ROOT)
    assert {voice for _, voice, _ in SOUNDS.values()} & set(HELD_OUT_VOICES)


@pytest.mark.parametrize("name", sorted(SOUNDS))
def test_a_voice_is_made_for_a_telephone(name: str) -> None:
    with wave.open(str(VOICES / f"{name}.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 8000, 2)
        assert 1.0 < file.getnframes() / 8000 < 10.0
    samples = read_audio(VOICES / f"{name}.wav")
    assert np.sqrt(np.mean(samples.astype(float) ** 2)) > 500


def loudness(samples: NDArray[np.int16], pieces: int = 100) -> NDArray[np.float64]:
    """The loudness of so many equal pieces: the same for the same words, whichever espeak-ng spoke them."""
    return np.array([np.sqrt(np.mean(part.astype(float) ** 2)) for part in np.array_split(samples, pieces)])


@pytest.mark.parametrize("name", sorted(SOUNDS))
def test_a_voice_says_what_the_table_says_now(name: str) -> None:
    text, voice, mumbled = SOUNDS[name]
    fresh = speak(text, voice)
    if mumbled:
        fresh = mumble(fresh)
    kept = read_audio(VOICES / f"{name}.wav")
    assert abs(len(kept) - len(fresh)) < 0.1 * len(fresh), REMEDY
    assert np.corrcoef(loudness(kept), loudness(fresh))[0, 1] > 0.8, REMEDY


def test_mumbling_is_a_voice_without_words() -> None:
    speech = speak(MUMBLED, "f5")
    heard = mumble(speech)
    assert heard.dtype == np.int16
    assert len(heard) == len(speech)
    spectrum = np.abs(np.fft.rfft(heard))
    high = spectrum[int(500 * len(heard) / 8000) :]
    assert np.sum(high**2) < 0.001 * np.sum(spectrum**2)


def test_the_files_are_in_the_project() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "ivr/demo/voices"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode != 0:
        pytest.skip("no git checkout")
    assert {Path(line).name for line in tracked.stdout.splitlines()} == {f"{name}.wav" for name in SOUNDS}
