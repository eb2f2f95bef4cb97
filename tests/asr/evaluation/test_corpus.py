"""Recordings with their words, from folders and tars, and what is wrong with some."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr.errors import AudioUnreadable, CorpusUnusable
from asr.evaluation.corpus import count, listed, read, read_named
from asr.g711 import alaw_encode

TONE = (8000 * np.sin(np.arange(4000) / 5)).astype(np.int16)


def sound(kind: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, TONE, 8000, format=kind)
    return file.getvalue()


def files(listed: str = "file,text\na.wav,水管爆了\nb.flac,没电了\n") -> dict[str, bytes]:
    return {"transcripts.csv": listed.encode(), "a.wav": sound("WAV"), "b.flac": sound("FLAC")}


def folder_of(contents: dict[str, bytes], path: Path) -> Path:
    for name, content in contents.items():
        (path / "corpus" / "S1" / name).parent.mkdir(parents=True, exist_ok=True)
        (path / "corpus" / "S1" / name).write_bytes(content)
    return path / "corpus"


def tar_of(contents: dict[str, bytes], path: Path) -> Path:
    with tarfile.open(path / "corpus.tar.gz", "w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"S1/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path / "corpus.tar.gz"


Make = Callable[[dict[str, bytes], Path], Path]
both = pytest.mark.parametrize("make", [folder_of, tar_of])


@both
def test_every_recording_comes_with_its_words(make: Make, tmp_path: Path) -> None:
    path = make(files(), tmp_path)
    clips = list(read(path))
    assert count(path) == 2
    assert [(clip.name, clip.text) for clip in clips] == [("a.wav", "水管爆了"), ("b.flac", "没电了")]
    assert all(np.abs(clip.samples - TONE).max() <= 1 for clip in clips)


@both
def test_other_columns_and_a_byte_order_mark_do_no_harm(make: Make, tmp_path: Path) -> None:
    listed = "\ufefffile,text,speaker\na.wav,水管爆了,S1\n"
    assert [clip.text for clip in read(make(files(listed), tmp_path))] == ["水管爆了"]


@both
@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ("name,words\na.wav,水\n", "transcripts.csv:2: 需要 file 和 text"),
        ("file,text\na.wav\n", ":2: 需要 file 和 text"),
        ("file,text\na.wav,水\n../../etc/passwd,水\n", ":3: 文件名"),
        ("file,text\n/etc/passwd,水\n", ":2: 文件名"),
        ('file,text\na.wav,"' + "水" * 200_000 + '"\n', "CSV"),
    ],
)
def test_a_mistake_in_the_list_is_named(make: Make, listed: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusUnusable, match=says):
        list(read(make(files(listed), tmp_path)))


@both
def test_a_list_that_is_no_text(make: Make, tmp_path: Path) -> None:
    with pytest.raises(CorpusUnusable, match="UTF-8"):
        count(make({**files(), "transcripts.csv": b"file,text\na.wav,\xff\xfe\n"}, tmp_path))


@both
def test_a_recording_that_is_missing_or_no_sound(make: Make, tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable, match=r"gone\.wav"):
        list(read(make(files("file,text\ngone.wav,水\n"), tmp_path)))
    with pytest.raises(AudioUnreadable, match=r"a\.wav"):
        list(read(make({**files(), "a.wav": b"no sound"}, tmp_path)))


@both
def test_one_list_is_wanted(make: Make, tmp_path: Path) -> None:
    with pytest.raises(CorpusUnusable, match="找到 0 个"):
        count(make({"a.wav": sound("WAV")}, tmp_path))
    with pytest.raises(CorpusUnusable, match="找到 2 个"):
        count(make({**files(), "more/transcripts.csv": b"file,text\n"}, tmp_path))


@both
def test_raw_a_law_is_known_by_its_name(make: Make, tmp_path: Path) -> None:
    path = make({"transcripts.csv": "file,text\na.al,水\n".encode(), "a.al": alaw_encode(TONE)}, tmp_path)
    (clip,) = read(path)
    assert len(clip.samples) == len(TONE)


def test_a_tar_of_the_folder_it_was_made_in(tmp_path: Path) -> None:
    folder = folder_of(files(), tmp_path)
    with tarfile.open(tmp_path / "here.tar", "w") as tar:
        tar.add(folder / "S1", ".")
    assert [clip.name for clip in read(tmp_path / "here.tar")] == ["a.wav", "b.flac"]


@pytest.mark.parametrize("cut", [20, 200])
def test_a_tar_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tar_of(files(), tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises((CorpusUnusable, AudioUnreadable)):
        list(read(path))


def test_what_is_neither_folder_nor_tar(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"nothing of the kind")
    with pytest.raises(CorpusUnusable, match="tar"):
        count(tmp_path / "x")


@pytest.mark.parametrize("pack", [folder_of, tar_of])
def test_files_may_be_named_by_what_is_said(
    pack: Callable[[dict[str, bytes], Path], Path], tmp_path: Path
) -> None:
    corpus = pack({"cmn-北京.wav": sound("WAV"), "cmn-ban4.flac": sound("FLAC"), "note.txt": b""}, tmp_path)
    assert not listed(corpus)
    found = {clip.text: len(clip.samples) for clip in read_named(corpus, rate=16_000)}
    assert found == {"北京": 8000, "ban4": 8000}


def test_a_list_is_noticed_and_another_rate_is_given(tmp_path: Path) -> None:
    corpus = folder_of(files(), tmp_path)
    assert listed(corpus)
    assert [len(clip.samples) for clip in read(corpus, rate=10_000)] == [5000, 5000]


def test_a_folder_without_sound_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusUnusable, match="没有录音"):
        list(read_named(folder_of({"note.txt": b""}, tmp_path)))
