"""A small graph in the real libvosk, with a network that hears nothing but what a test makes it hear."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import vosk

from models.recipe.errors import StageError
from models.recipe.expansion import durations
from models.recipe.export import write_model
from models.recipe.features import DIMENSION
from models.recipe.graph import build, build_for
from models.recipe.language_model import estimate
from models.recipe.lexicon import UNKNOWN, pronunciations
from models.recipe.model_conf import write_conf
from models.recipe.net import AcousticNet
from models.recipe.plan import Plan
from models.recipe.size import SIZES
from models.recipe.trained import TrainedNet
from models.recipe.units import PDFS, UNITS

_TINY = dataclasses.replace(SIZES["small"], narrow=8, wide=8, residual_layers=1)
_LEXICON = pronunciations(["他", "她", "报警", "着火", "救命", "了"])
_TEXT = [["着火", "了"], ["报警"], ["救命"], ["他", "报警", "了"]] * 5


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(1)
    write_model(
        folder / "am", TrainedNet(AcousticNet(_TINY).eval(), np.ones(PDFS) * 100, np.zeros(DIMENSION))
    )
    write_conf(folder / "conf")
    language_model = estimate(_TEXT, {"他": 5, "她": 4}, frozenset(_LEXICON) - {UNKNOWN})
    build(folder / "graph", _LEXICON, language_model, durations([3.0] * len(UNITS), 1.0))
    return folder


def _words(model: Path) -> dict[str, int]:
    lines = (model / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    return {word: int(number) for word, number in (line.split() for line in lines)}


def test_the_folder_holds_what_libvosk_reads(model: Path) -> None:
    files = {
        str(path.relative_to(model / "graph")) for path in (model / "graph").rglob("*") if path.is_file()
    }
    assert files == {"HCLr.fst", "Gr.fst", "disambig_tid.int", "words.txt", "phones/word_boundary.int"}


def test_every_word_has_a_number_of_its_own(model: Path) -> None:
    words = _words(model)
    assert set(words) == {"<eps>", *_LEXICON}
    assert words["<eps>"] == 0
    assert len(set(words.values())) == len(words)


def test_words_are_listed_by_number(model: Path) -> None:
    numbers = list(_words(model).values())
    assert numbers == sorted(numbers)


def test_marks_lie_above_the_transitions(model: Path) -> None:
    marks = [int(line) for line in (model / "graph" / "disambig_tid.int").read_text().split()]
    assert marks
    assert min(marks) > 2 * (1 + 4 * (len(UNITS) - 1))


def test_libvosk_loads_it_and_knows_its_words(model: Path) -> None:
    vosk.SetLogLevel(-1)
    loaded = vosk.Model(str(model))
    assert all(loaded.vosk_model_find_word(word) == number for word, number in _words(model).items())
    assert loaded.vosk_model_find_word("井盖") == -1


@pytest.mark.parametrize("grammar", [None, ["报警", "救命"], ["着火 了", UNKNOWN]])
def test_libvosk_decodes_with_it_and_with_grammars(model: Path, grammar: list[str] | None) -> None:
    vosk.SetLogLevel(-1)
    loaded = vosk.Model(str(model))
    more = [] if grammar is None else [json.dumps(grammar, ensure_ascii=False)]
    recogniser = vosk.KaldiRecognizer(loaded, 8000, *more)
    noise = np.random.default_rng(1).integers(-3000, 3000, 16_000)
    recogniser.AcceptWaveform(noise.astype("<i2").tobytes())
    heard = json.loads(recogniser.FinalResult())["text"].split()
    allowed = set(_LEXICON) if grammar is None else {word for phrase in grammar for word in phrase.split()}
    assert set(heard) <= allowed


def test_without_a_grammar_the_unknown_word_is_never_heard(model: Path) -> None:
    vosk.SetLogLevel(-1)
    loaded = vosk.Model(str(model))
    for seed in range(5):
        recogniser = vosk.KaldiRecognizer(loaded, 8000)
        noise = np.random.default_rng(seed).integers(-9000, 9000, 8000)
        recogniser.AcceptWaveform(noise.astype("<i2").tobytes())
        assert UNKNOWN not in json.loads(recogniser.FinalResult())["text"]


def test_a_plan_without_its_earlier_stages_says_which_to_run(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="lm stage"):
        build_for(Plan(_TINY, 1, tmp_path))
