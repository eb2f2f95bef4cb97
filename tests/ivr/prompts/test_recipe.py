from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts import FOLDER
from ivr.prompts.recipe import FADE_S, LEVEL, MARGIN_S, PEAK, Voice, digest, make, read_manifest, to_telephone
from ivr.prompts.texts import load_texts
from ivr.prompts.wav import read_wav
from tests.ivr.prompts.wav_files import sine

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

REMEDY = "run `python -m ivr.prompts make` and commit what it writes"


def spoken(sound: NDArray[np.float64], before_s: float = 0.0, after_s: float = 0.0) -> NDArray[np.int16]:
    padded = np.concatenate([np.zeros(int(before_s * 8000)), sound, np.zeros(int(after_s * 8000))])
    return np.asarray(np.round(padded * 32767), dtype=np.int16)


# -- what is committed ---------------------------------------------------------------------------------------


def test_text_and_audio_have_not_drifted_apart() -> None:
    texts, manifest = load_texts(), read_manifest(FOLDER)
    assert set(manifest) == set(texts), REMEDY
    for key, text in texts.items():
        assert manifest[key].text_sha256 == digest(text.encode()), f"{key}: the text has changed; {REMEDY}"
        content = (FOLDER / f"{key}.wav").read_bytes()
        assert manifest[key].wav_sha256 == digest(content), f"{key}: the audio has changed; {REMEDY}"


@pytest.mark.parametrize("key", load_texts())
def test_the_committed_audio_is_fit_for_a_telephone(key: str) -> None:
    sound = read_wav(FOLDER / f"{key}.wav") / 32768
    assert 1.0 < len(sound) / 8000 < 5.0
    assert np.max(np.abs(sound)) <= PEAK + 1e-3
    assert np.sqrt(np.mean(sound**2)) > LEVEL / 3, "too quiet to be understood"
    assert np.max(np.abs(sound[:4])) < 0.001
    assert np.max(np.abs(sound[-4:])) < 0.001
    assert np.max(np.abs(sound[: int(0.1 * 8000)])) > 0.01, "the caller waits for the voice to begin"


def test_no_other_files_are_committed() -> None:
    known = {f"{key}.wav" for key in load_texts()} | {"manifest.json"}
    assert {path.name for path in FOLDER.iterdir()} == known


# -- the recipe ----------------------------------------------------------------------------------------------


def test_silence_at_both_ends_is_cut() -> None:
    made = to_telephone(spoken(sine(0.5), before_s=1.0, after_s=2.0))
    assert len(made) / 8000 == pytest.approx(0.5 + 2 * MARGIN_S, abs=0.021)


def test_a_pause_within_stays() -> None:
    words = np.concatenate([sine(0.4), np.zeros(4000), sine(0.4)])
    assert len(to_telephone(spoken(words))) / 8000 == pytest.approx(1.3 + 2 * MARGIN_S, abs=0.021)


@pytest.mark.parametrize("peak", [0.01, 0.2, 0.99])
def test_loud_and_quiet_voices_come_out_alike(peak: float) -> None:
    made = to_telephone(spoken(sine(0.5, peak=peak))) / 32768
    middle = made[1000:3500]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(LEVEL, rel=0.05)


def test_a_peaky_voice_is_kept_below_the_limit() -> None:
    clicks = sine(1.0, peak=0.01)
    clicks[::800] = 0.9
    made = to_telephone(spoken(clicks)) / 32768
    assert np.max(np.abs(made)) == pytest.approx(PEAK, abs=1e-3)


def test_it_fades_in_and_out() -> None:
    made = np.abs(to_telephone(spoken(sine(0.5))).astype(int))
    assert made[0] == made[-1] == 0
    assert FADE_S < MARGIN_S, "the fade must not touch the voice"


def test_silence_is_no_prompt() -> None:
    with pytest.raises(ValueError, match="nothing but silence"):
        to_telephone(np.zeros(8000, dtype=np.int16))
    with pytest.raises(ValueError, match="nothing but silence"):
        to_telephone(np.zeros(0, dtype=np.int16))


@given(samples=st.lists(st.integers(-32768, 32767), min_size=1, max_size=2000))
def test_any_sound_comes_out_within_the_limits(samples: list[int]) -> None:
    if not any(samples):
        return
    made = to_telephone(np.array(samples, dtype=np.int16))
    assert np.max(np.abs(made.astype(int))) <= round(PEAK * 32767) + 1
    assert len(made) <= len(samples) + 320 + 2 * MARGIN_S * 8000


def test_making_writes_the_file_and_its_entry(tmp_path: Path) -> None:
    asked: list[tuple[str, Voice]] = []

    def speak(text: str, voice: Voice) -> NDArray[np.int16]:
        asked.append((text, voice))
        return spoken(sine(0.5))

    voice = Voice("m3", 180, 40)
    made = make("greeting", "您好", voice, speak, tmp_path)
    assert asked == [("您好", voice)]
    assert made.text_sha256 == digest("您好".encode())
    assert made.wav_sha256 == digest((tmp_path / "greeting.wav").read_bytes())
    assert made.duration_s == pytest.approx(0.58, abs=0.021)
    assert read_manifest(tmp_path) == {"greeting": made}


def test_making_one_leaves_the_others(tmp_path: Path) -> None:
    def speak(text: str, voice: Voice) -> NDArray[np.int16]:
        return spoken(sine(0.1 * len(text)))

    first = make("a", "您好", Voice(), speak, tmp_path)
    second = make("b", "请讲吧", Voice(), speak, tmp_path)
    assert read_manifest(tmp_path) == {"a": first, "b": second}
    again = make("a", "您好啊您", Voice(), speak, tmp_path)
    assert again != first
    assert read_manifest(tmp_path) == {"a": again, "b": second}


def test_nothing_made_yet(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == {}
