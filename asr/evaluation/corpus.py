"""Recordings with their words: a folder or tar with `transcripts.csv` (columns `file`, `text`) and the files in it."""

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

TRANSCRIPTS = "transcripts.csv"
_DAMAGE = (tarfile.TarError, EOFError, zlib.error)
_LONGEST_FIELD = 10_000  # characters


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording."""

    name: str
    text: str
    """What is said."""
    samples: Samples
    """8 kHz."""


class _Source(Protocol):
    """Where files lie side by side."""

    def transcripts(self) -> tuple[str, bytes]: ...
    def sound(self, name: str) -> Samples: ...
    def close(self) -> None: ...


def count(path: Path) -> int:
    """How many recordings the corpus has. Raises CorpusUnusable."""
    with closing(_open(path)) as source:
        return sum(1 for _ in _rows(*source.transcripts()))


def read(path: Path) -> Iterator[Clip]:
    """The recordings in the order of the list. Raises CorpusUnusable, AudioUnreadable."""
    with closing(_open(path)) as source:
        for name, text in _rows(*source.transcripts()):
            yield Clip(name, text, source.sound(name))


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
        found = sorted(path.rglob(TRANSCRIPTS))
        if len(found) != 1:
            raise CorpusUnusable(f"{path} 里应有一个 {TRANSCRIPTS}，找到 {len(found)} 个。")
        self._list = found[0]

    def transcripts(self) -> tuple[str, bytes]:
        return str(self._list), self._list.read_bytes()

    def sound(self, name: str) -> Samples:
        return read_audio(self._list.parent / name)

    def close(self) -> None:
        """Nothing is kept open."""


class _Tar:
    """Read where it lies; nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with ExitStack() as opened:
            self._tar = opened.enter_context(tarfile.open(path))
            self._index()
            opened.pop_all()  # from here on `close` closes it

    def _index(self) -> None:
        # `./a.wav` and `a.wav` are the same
        members = {str(PurePosixPath(m.name)): m for m in self._tar.getmembers() if m.isfile()}
        found = [name for name in members if PurePosixPath(name).name == TRANSCRIPTS]
        if len(found) != 1:
            raise CorpusUnusable(f"{self._path} 里应有一个 {TRANSCRIPTS}，找到 {len(found)} 个。")
        self._list = found[0]
        self._members = members

    def transcripts(self) -> tuple[str, bytes]:
        return f"{self._path}:{self._list}", self._bytes(self._list)

    def sound(self, name: str) -> Samples:
        inside = str(PurePosixPath(self._list).parent / name)
        try:
            return parse(self._bytes(inside), raw_alaw=PurePosixPath(inside).suffix.lower() in ALAW_SUFFIXES)
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
