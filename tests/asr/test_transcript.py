"""A recording in, its words out: the same as a call would have got."""

import numpy as np
import pytest

from asr.transcript import transcribe
from asr.vosk_engine import VoskEngine
from tests.asr.conftest import Say
from tests.asr.engines import GatedEngine


def test_a_recording_of_two_utterances(engine: VoskEngine, say: Say) -> None:
    pause = np.zeros(16_000, dtype=np.int16)
    sound = np.concatenate([say("我们小区的水管爆裂了"), pause, say("有人抢劫"), pause])
    heard = transcribe(engine, sound)
    assert heard.text == "我们小区的水管爆裂了有人抢劫"
    assert "".join(word.text for word in heard.words) == heard.text
    assert heard.duration_s == pytest.approx(len(sound) / 8000)
    assert heard.words[-1].end_s < heard.duration_s - 1.5
    assert heard.real_time_factor > 0.0


def test_an_empty_recording(engine: VoskEngine) -> None:
    heard = transcribe(engine, np.zeros(0, dtype=np.int16))
    assert (heard.text, heard.words, heard.duration_s, heard.real_time_factor) == ("", (), 0.0, 0.0)


def test_every_sample_reaches_the_recogniser() -> None:
    engine = GatedEngine()
    samples = (np.arange(5001) % 200).astype(np.int16)
    transcribe(engine, samples)
    assert b"".join(pcm for _, pcm in engine.diary) == samples.tobytes()
