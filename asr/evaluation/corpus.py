"""Recordings with their words: a folder or tar with `transcripts.csv` (columns `file`, `text`) and the files in it.

Collections of single words often come without a list: there the file names end in the word (`cmn-北京.mp3`).
"""

from __future__ import annotations

import csv
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from asr.audio import ALAW_SUFFIXES, MAX_BYTES, parse, read_audio
from asr.errors import AudioUnreadable, CorpusUnusable
from asr.g711 import Samples
from asr.recogniser import SAMPLE_RATE

TRANSCRIPTS = "transcripts.csv"
_DAMAGE = (tarfile.TarError, EOFError, zlib.error)
_LONGEST_FIELD = 10_000  # characters
_SOUND_SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", *ALAW_SUFFIXES})


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording."""

    name: str
    text: str
    """What is said."""
    samples: Samples
    """At the rate that was asked for, 8 kHz if none was."""


class _Source(Protocol):
    """Where files lie side by side."""

    def transcripts(self) -> tuple[str, bytes]: ...
    def names(self) -> list[str]: ...
    def sound(self, name: str, rate: int) -> Samples: ...
    def close(self) -> None: ...


def count(path: Path) -> int:
    """How many recordings the corpus has. Raises CorpusUnusable."""
    with closing(_open(path)) as source:
        return sum(1 for _ in _rows(*source.transcripts()))


def read(path: Path, *, rate: int = SAMPLE_RATE) -> Iterator[Clip]:
    """The recordings in the order of the list, at `rate` Hz. Raises CorpusUnusable, AudioUnreadable."""
    with closing(_open(path)) as source:
        for name, text in _rows(*source.transcripts()):
            yield Clip(name, text, source.sound(name, rate))


def read_named(path: Path, *, rate: int = SAMPLE_RATE) -> Iterator[Clip]:
    """The recordings of a corpus without a list: what is said stands after the last "-" of a file's name.

    Raises CorpusUnusable, AudioUnreadable.
    """
    with closing(_open(path)) as source:
        names = [name for name in source.names() if PurePosixPath(name).suffix.lower() in _SOUND_SUFFIXES]
        if not names:
            raise CorpusUnusable(f"{path} 里没有录音。")
        for name in names:
            yield Clip(name, PurePosixPath(name).stem.rpartition("-")[2], source.sound(name, rate))


def listed(path: Path) -> bool:
    """Whether the corpus has a list of what is said. Raises CorpusUnusable."""
    with closing(_open(path)) as source:
        return any(PurePosixPath(name).name == TRANSCRIPTS for name in source.names())


def _open(path: Path) -> _Source:
    if path.is_dir():
        return _Folder(path)
    try:
        return _Tar(path)
    except (OSError, *_DAMAGE) as error:
        raise CorpusUnusable(f"{path} 既不是目录，也不是能读的 tar 文件（{error}）。") from error


def _rows(where: str, content: bytes) -> Iterator[tuple[str, str]]:
    """The names and texts of a list. A name that leads out of the folder is refused."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        for number, row in enumerate(rows, 2):
            name, text = row.get("file"), row.get("text")
            if not name or text is None or len(text) > _LONGEST_FIELD:
                raise CorpusUnusable(f"{where}:{number}: 需要 file 和 text 两列，不能空。")
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise CorpusUnusable(f"{where}:{number}: 文件名 {name!r} 不能指到目录外面。")
            yield name, text
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusUnusable(f"{where}: 不是 UTF-8 的 CSV 文件（{error}）。") from error


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._list = path

    def transcripts(self) -> tuple[str, bytes]:
        self._list = self._path / _only_list(self._path, self.names())
        return str(self._list), self._list.read_bytes()

    def names(self) -> list[str]:
        return sorted(
            str(found.relative_to(self._path)) for found in self._path.rglob("*") if found.is_file()
        )

    def sound(self, name: str, rate: int) -> Samples:
        folder = self._list if self._list == self._path else self._list.parent
        return read_audio(folder / name, rate=rate)

    def close(self) -> None:
        """Nothing is kept open."""


class _Tar:
    """Read where it lies; nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = PurePosixPath()
        with ExitStack() as opened:
            self._tar = opened.enter_context(tarfile.open(path))
            # `./a.wav` and `a.wav` are the same
            self._members = {str(PurePosixPath(m.name)): m for m in self._tar.getmembers() if m.isfile()}
            opened.pop_all()  # from here on `close` closes it

    def transcripts(self) -> tuple[str, bytes]:
        found = _only_list(self._path, self.names())
        self._folder = PurePosixPath(found).parent
        return f"{self._path}:{found}", self._bytes(found)

    def names(self) -> list[str]:
        return sorted(self._members)

    def sound(self, name: str, rate: int) -> Samples:
        inside = str(self._folder / name)
        raw_alaw = PurePosixPath(inside).suffix.lower() in ALAW_SUFFIXES
        try:
            return parse(self._bytes(inside), raw_alaw=raw_alaw, rate=rate)
        except KeyError:
            raise AudioUnreadable(f"{self._path} 里没有 {inside}。") from None
        except _DAMAGE as error:
            raise AudioUnreadable(f"{self._path}:{inside}: 文件损坏（{error}）。") from error
        except AudioUnreadable as error:
            raise AudioUnreadable(f"{self._path}:{inside}: {error}") from None

    def close(self) -> None:
        self._tar.close()

    def _bytes(self, name: str) -> bytes:
        member = self._members[name]
        if member.size > MAX_BYTES:
            raise AudioUnreadable(f"{self._path}:{name} 超过 1 GiB（file too large）。")
        with self._tar.extractfile(member) or io.BytesIO() as file:
            return file.read()


def _only_list(path: Path, names: list[str]) -> str:
    found = [name for name in names if PurePosixPath(name).name == TRANSCRIPTS]
    if len(found) != 1:
        raise CorpusUnusable(f"{path} 里应有一个 {TRANSCRIPTS}，找到 {len(found)} 个。")
    return found[0]
