import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.recipe.errors import RecordingError
from models.recipe.human.clips import RATE, clips, spell
from models.recipe.units import UNITS


def _names(text: str) -> list[list[str]]:
    return [[UNITS[unit] for unit in word] for word in spell(text)]


def test_words_are_spelt_in_units() -> None:
    assert _names("我要报警") == [["uo3"], ["iao4"], ["b", "ao4", "j", "ing3"]]
    assert _names("嗯，着火了！")[-1] == ["l", "e5"]


def test_a_syllable_of_pinyin_is_spelt() -> None:
    assert _names("ban5") == [["b", "an5"]]
    assert _names("lü4") == _names("lv4") == [["l", "v4"]]


@pytest.mark.parametrize("text", ["", "打开Maps", "8.5折", "越_越_", "_m2", "，。"])
def test_what_has_no_known_sounds_is_not_spelt(text: str) -> None:
    assert spell(text) == ()


def test_a_folder_is_read_at_the_recipes_rate_and_loudness(recorded: Callable[..., Path]) -> None:
    found = list(clips(recorded("我要报警", "着火了")))
    assert [(clip.name, clip.text, clip.pool) for clip in found] == [
        ("00.wav", "我要报警", "."),
        ("01.wav", "着火了", "."),
    ]
    for clip in found:
        assert 0.5 * RATE < len(clip.samples) < 4 * RATE
        assert np.sqrt(np.mean(clip.samples**2)) == pytest.approx(2000, rel=0.01)


def test_a_tar_of_files_named_by_their_words_is_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 8000)
    with tarfile.open(tmp_path / "words.tar", "w") as tar:
        for name in ("words/cmn-北京.wav", "syllables/cmn-ban4.wav", "words/cmn-越_越_.wav", "README.txt"):
            file = io.BytesIO()
            soundfile.write(file, noise, 8000, format="WAV")
            member = tarfile.TarInfo(name)
            member.size = len(file.getvalue())
            file.seek(0)
            tar.addfile(member, file)
    left_out: list[str] = []
    found = {clip.text: clip.pool for clip in clips(tmp_path / "words.tar", left_out)}
    assert found == {"北京": "words", "ban4": "syllables"}
    assert left_out == ["words/cmn-越_越_.wav"]


def test_text_without_known_sounds_is_an_error_that_names_the_file(recorded: Callable[..., Path]) -> None:
    folder = recorded("着火了")
    (folder / "transcripts.csv").write_text("file,text\n00.wav,hello\n", encoding="utf-8")
    with pytest.raises(RecordingError, match=r"00\.wav.*hello"):
        list(clips(folder))


@pytest.mark.parametrize("content", [b"", b"not a sound"])
def test_unreadable_sound_is_an_error_that_names_the_file(
    recorded: Callable[..., Path], content: bytes
) -> None:
    folder = recorded("着火了")
    (folder / "00.wav").write_bytes(content)
    with pytest.raises(RecordingError, match=r"00\.wav"):
        list(clips(folder))


def test_a_missing_file_is_an_error_that_names_it(recorded: Callable[..., Path]) -> None:
    folder = recorded("着火了")
    (folder / "00.wav").unlink()
    with pytest.raises(RecordingError, match=r"00\.wav"):
        list(clips(folder))


@pytest.mark.parametrize("samples", [np.zeros(8000), np.ones(100)])
def test_silence_and_clicks_are_errors(recorded: Callable[..., Path], samples: np.ndarray) -> None:
    folder = recorded("着火了")
    soundfile.write(folder / "00.wav", samples, 8000)
    with pytest.raises(RecordingError, match=r"00\.wav.*too short"):
        list(clips(folder))


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="没有录音"):
        list(clips(tmp_path))
