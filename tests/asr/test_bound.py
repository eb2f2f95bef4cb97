"""The real model bound to phrases: it hears them where the dictation gets lost, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from asr.g711 import Samples
from asr.recogniser import Engine
from asr.utterance import UNKNOWN, Word
from asr.vosk_engine import VoskEngine
from tests.asr.conftest import Say
from tests.asr.test_vosk_engine import listen

NAMES = ("和平镇", "和平", "大埠岗镇", "大埠岗", "洪墩镇", "水北镇", "我", "在")


@pytest.fixture(scope="module")
def bound(engine: VoskEngine) -> Engine:
    made = engine.bound(NAMES)
    assert made is not None
    return made


def heard(engine: Engine, samples: Samples) -> list[Word]:
    return [word for report in listen(engine.open(), samples) if report.is_final for word in report.words]


@pytest.mark.parametrize("name", ["和平镇", "大埠岗镇", "洪墩镇", "水北镇"])
def test_a_name_is_heard_through_noise(bound: Engine, say: Say, name: str) -> None:
    sound = say(f"我在{name}")
    noisy = np.clip(sound + np.random.default_rng(3).normal(0, 1500, len(sound)), -32767, 32767)
    words = [word for word in heard(bound, noisy.astype(np.int16)) if word.text != UNKNOWN]
    assert "".join(word.text for word in words).endswith(name)
    assert min(word.confidence for word in words[-2:]) > 0.9


def test_it_knows_no_other_word(bound: Engine, say: Say) -> None:
    words = heard(bound, say("工地半夜还在施工，吵得睡不着"))
    assert words
    assert {word.text for word in words} <= {UNKNOWN, *"".join(NAMES), "和平", "水北", "大埠岗"}
    assert any(word.text == UNKNOWN for word in words)


def test_the_dictation_is_as_before(engine: VoskEngine, bound: Engine, say: Say) -> None:
    """They share a model."""
    sound = say("我们小区的水管爆裂了")
    bound.open().accept(sound.astype("<i2").tobytes())
    assert listen(engine.open(), sound)[-1].text == "我们小区的水管爆裂了"


def test_a_phrase_that_the_model_cannot_write_is_left_out(engine: VoskEngine, say: Say) -> None:
    bound = engine.bound(["㐂镇", "和平镇", "和平镇"])
    assert bound is not None
    assert bound.name == engine.name
    assert "".join(word.text for word in heard(bound, say("和平镇"))).endswith("和平镇")
    assert engine.bound(["㐂镇", ""]) is None
    assert engine.bound([]) is None


def test_a_model_that_takes_no_grammar_says_so(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asr.vosk_engine.takes_grammars", lambda _: False)
    whole = VoskEngine(model_dir)
    with capture_logs() as logs:
        assert whole.bound(NAMES) is None
    assert [entry["event"] for entry in logs] == ["speech.takes_no_grammar"]
