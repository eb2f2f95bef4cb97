from pathlib import Path

import pytest

from models.recipe.features import CEPSTRA, PITCH_CONTEXT, SAMPLE_RATE, SUBSAMPLING
from models.recipe.model_conf import write_conf
from models.recipe.phones import SILENCE_PHONE


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, dict[str, str]]:
    write_conf(tmp_path / "conf")
    return {
        path.stem: dict(line.removeprefix("--").split("=", 1) for line in path.read_text().splitlines())
        for path in (tmp_path / "conf").iterdir()
    }


def test_there_are_three_files(settings: dict[str, dict[str, str]]) -> None:
    assert set(settings) == {"mfcc", "pitch", "model"}


def test_features_are_those_of_training(settings: dict[str, dict[str, str]]) -> None:
    assert settings["mfcc"]["sample-frequency"] == settings["pitch"]["sample-frequency"] == str(SAMPLE_RATE)
    assert settings["mfcc"]["num-ceps"] == settings["mfcc"]["num-mel-bins"] == str(CEPSTRA)
    assert settings["pitch"]["normalization-right-context"] == str(PITCH_CONTEXT)


def test_nothing_is_random(settings: dict[str, dict[str, str]]) -> None:
    assert float(settings["mfcc"]["dither"]) == 0
    assert float(settings["pitch"]["delta-pitch-noise-stddev"]) == 0


def test_the_decoder_knows_silence_and_the_frame_rate(settings: dict[str, dict[str, str]]) -> None:
    assert settings["model"]["endpoint.silence-phones"] == str(SILENCE_PHONE)
    assert settings["model"]["frame-subsampling-factor"] == str(SUBSAMPLING) == "3"


def test_endpoints_come_later_the_less_complete_a_sentence_is(settings: dict[str, dict[str, str]]) -> None:
    waits = [float(settings["model"][f"endpoint.rule{rule}.min-trailing-silence"]) for rule in (2, 3, 4)]
    assert waits == sorted(waits)
    assert 0.3 <= waits[0] <= 1.0
