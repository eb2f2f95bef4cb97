"""What the recipe's tests share: a synthesiser, a little language, a model built small."""

from collections.abc import Callable
from random import Random

import pytest
import vosk  # before kaldifst, whose own OpenFst would make loading it hang

from models.recipe.espeak import Espeak
from models.recipe.exam import Recording
from models.recipe.speech import Utterance, pronounce, speak

assert vosk.KaldiRecognizer  # kept above kaldifst by this use, whatever sorts the imports


@pytest.fixture(scope="session")
def espeak() -> Espeak:
    """The one synthesiser of the process."""
    return Espeak()


@pytest.fixture
def rng() -> Random:
    """A random stream that is the same in every run."""
    return Random(7)


@pytest.fixture
def say(espeak: Espeak) -> Callable[..., Utterance]:
    """Speaks words, aligned; fails when they cannot be spoken."""
    from models.recipe.espeak import Prosody  # noqa: PLC0415

    def spoken(*words: str, voice: str = "f5", garbage: float = 0.0) -> Utterance:
        clauses = pronounce([words], sandhi=False, garbage=garbage, rng=Random(1))
        assert clauses is not None
        utterance = speak(espeak, clauses, voice, Prosody())
        assert utterance is not None
        return utterance

    return spoken


@pytest.fixture
def recording() -> Callable[[str, str], Recording]:
    """Makes a recording of a named set, spoken by a held-out voice."""
    from models.recipe.voice import speak as speak_text  # noqa: PLC0415

    def make(set_name: str, text: str) -> Recording:
        return Recording(set_name, text, speak_text(text).astype("<i2").tobytes())

    return make
