"""The real parts that calls are made of, loaded once: the lexicon, the speech model, synthetic callers' voices."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from asr.vosk_engine import VoskEngine
from models.recipe.voice import speak
from triage.engine import Triage

Say = Callable[[str], bytes]
BUNDLED = Path(__file__).resolve().parents[2] / "models" / "bundled"


@pytest.fixture(scope="session")
def triage() -> Triage:
    return Triage.load()


@pytest.fixture(scope="session")
def vosk() -> VoskEngine:
    return VoskEngine(Path(os.environ.get("MINSHENG110_TEST_MODEL", BUNDLED)))


@pytest.fixture(scope="session")
def say() -> Say:
    """A sentence as s16le mono 8 kHz audio, by a voice that the model was never trained on."""

    @cache
    def spoken(text: str) -> bytes:
        return speak(text, voice="f5").astype("<i2").tobytes()

    return spoken
