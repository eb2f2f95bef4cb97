"""Real parts for the tests: the bundled model, and a synthetic caller who was never trained on."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import structlog

from asr.g711 import Samples
from asr.vosk_engine import VoskEngine
from models.recipe.voice import speak

PROJECT = Path(__file__).resolve().parents[2]

Say = Callable[[str], Samples]


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The bundled model, or the one that MINSHENG110_TEST_MODEL names."""
    folder = Path(os.environ.get("MINSHENG110_TEST_MODEL", PROJECT / "models" / "bundled"))
    if not (folder / "am" / "final.mdl").is_file():
        pytest.fail(f"no speech model in {folder}: train it (models/recipe) or set MINSHENG110_TEST_MODEL")
    return folder


@pytest.fixture(scope="session")
def engine(model_dir: Path) -> VoskEngine:
    """The model, loaded once."""
    return VoskEngine(model_dir)


@pytest.fixture(scope="session")
def wide_model_dir(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the model that wants 16 kHz: its features look at the same band of audio at twice the rate.

    libvosk treats it as it would any 16 kHz model (and refuses 8 kHz audio for it), while the net sees nearly
    the same features: so the resampled path can be tested to the last word.
    """
    folder = tmp_path_factory.mktemp("models") / "wide"
    shutil.copytree(model_dir, folder)
    for path in (folder / "conf").iterdir():
        lines = path.read_text().splitlines()
        options = dict(line.lstrip("-").partition("=")[::2] for line in lines if line.strip())
        if "sample-frequency" in options:
            options["sample-frequency"] = "16000"
            highest = float(options.get("high-freq", 0))
            if path.name == "mfcc.conf" and highest <= 0:  # relative to half the rate
                options["high-freq"] = str(4000 + highest)
            path.write_text("".join(f"--{name}={value}\n" for name, value in options.items()))
    return folder


@pytest.fixture(scope="session")
def say() -> Say:
    """Speak Chinese text as int16 samples at 8 kHz; every text is spoken once."""

    @cache
    def spoken(text: str) -> Samples:
        return np.asarray(speak(text, voice="f5"), dtype=np.int16)

    return spoken


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Undo what a command did to structlog."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
