import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.errors import EspeakError, UnspeakableError
from models.recipe.heldout import HELD_OUT_VOICES
from models.recipe.voice import SAMPLE_RATE, speak, to_pinyin, write_wav


@pytest.mark.parametrize("voice", HELD_OUT_VOICES)
def test_speech_is_telephone_audio(voice: str) -> None:
    samples = speak("你好，我要报警", voice)
    assert samples.dtype == np.int16
    assert SAMPLE_RATE < len(samples) < 6 * SAMPLE_RATE
    assert np.abs(samples).max() == pytest.approx(16_000, abs=2)


def test_rate_and_pitch_are_heard() -> None:
    plain = speak("我要报警")
    assert len(speak("我要报警", rate=300)) < len(plain)
    other = speak("我要报警", pitch=90)
    length = min(len(plain), len(other))
    assert not np.array_equal(plain[:length], other[:length])


def test_digits_are_read_one_by_one() -> None:
    assert to_pinyin("110") == to_pinyin("一一零")


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("我要报警", "wo3 yao4 bao4 jing3"),
        ("喂，走吧。", "wei2, zou3 ba5"),
        ("快来！！！", "kuai4 lai2"),
        ("“救命”", "jiu4 ming4"),
        ("女 的", "nü3 de5"),
        ("不要动", "bu2 yao4 dong4"),
    ],
)
def test_text_becomes_pinyin(text: str, pinyin: str) -> None:
    assert to_pinyin(text).replace("wei4", "wei2") == pinyin


@pytest.mark.parametrize("text", ["", "   ", "，。！", "hello", "我的QQ", "我要😀", "a"])
def test_what_cannot_be_spoken_is_an_error(text: str) -> None:
    with pytest.raises(UnspeakableError):
        speak(text)


@given(st.text(max_size=20))
def test_any_text_is_written_in_pinyin_or_refused(text: str) -> None:
    try:
        pinyin = to_pinyin(text)
    except UnspeakableError:
        return
    assert pinyin
    assert all(syllable[-1] in "12345" for syllable in pinyin.replace(",", "").split())


def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(EspeakError, match="no voice"):
        speak("你好", "nobody-has-this-voice")


def test_the_wav_file_is_narrow_band_mono(tmp_path: Path) -> None:
    samples = speak("你好")
    write_wav(tmp_path / "hello.wav", samples)
    with wave.open(str(tmp_path / "hello.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert np.array_equal(np.frombuffer(file.readframes(file.getnframes()), "<i2"), samples)


def test_speaking_needs_nothing_of_the_training() -> None:
    """The running system has no PyTorch; voices must do without it."""
    program = (
        "import sys\n"
        "for name in ('torch', 'kaldifst', 'kaldi_native_fbank', 'scipy', 'matplotlib', 'vosk'):\n"
        "    sys.modules[name] = None\n"
        "from models.recipe.voice import speak\n"
        "print(len(speak('你好')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 2000
