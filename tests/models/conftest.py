"""What the recipe's tests share: a synthesiser, aligned speech, recordings.

Making a model needs packages that the running system does without; without them only the tests of voices, texts and
the bundled model are collected.
"""

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from random import Random

import pytest
import vosk  # here and first: once kaldifst is loaded, loading vosk would hang

from models.recipe.espeak import Espeak, Prosody
from models.recipe.recording import Recording
from models.recipe.speech import Utterance, pronounce, speak
from models.recipe.voice import speak as speak_text

vosk.SetLogLevel(-1)

_RECIPE = ("kaldi_native_fbank", "kaldifst", "pyworld", "scipy", "torch")
if find_spec("torch"):
    import torch  # noqa: F401 - before kaldifst, too: after it loading torch may crash
collect_ignore = (
    []
    if all(find_spec(package) for package in _RECIPE)
    else [
        "human",
        *(
            f"test_{module}.py"
            for module in (
                *("batches", "build", "bundle", "channel", "cmn", "data", "exam", "expansion", "export"),
                *("features", "fold", "graph", "kaldi_reader", "lexicon_fst", "lookahead", "mixture"),
                *("model_conf", "net", "nnet3", "perturb", "recipe", "revive", "studio", "train"),
            )
        ),
    ]
)


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

    def make(set_name: str, text: str) -> Recording:
        return Recording(set_name, text, speak_text(text).astype("<i2").tobytes())

    return make


_EXIT_STATUS = pytest.StashKey[int]()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how it went for `pytest_unconfigure`."""
    session.config.stash[_EXIT_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave without the destructors of C++: those of libvosk's and of kaldifst's OpenFst crash each other."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(config.stash.get(_EXIT_STATUS, 1))
