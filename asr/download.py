"""Fetch a big file over HTTP: goes on where it was interrupted, checks what has come, and appears only when whole."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests

from asr.errors import DownloadFailed

Progress = Callable[[int, int | None], None]
"""Told how many bytes there are, and how many there will be (None: not known)."""

_PIECE = 1 << 18
_TIMEOUT_S = (30.0, 60.0)  # to connect; and of silence, after which a server has gone
_OK, _PARTIAL, _BEYOND_ITS_END = 200, 206, 416
LONGEST = 8 << 30  # bytes; the biggest official model has under two


def download(
    url: str,
    into: Path,
    progress: Progress = lambda _done, _total: None,
    *,
    sha256: str | None = None,
    longest: int = LONGEST,
) -> None:
    """Fetch `url` to the file `into`.

    What has come stays beside `into` (`.part`) when it breaks off, and the next call goes on from there if the
    server still has the same file; two must not fetch to one file at once (`alone`). Raises DownloadFailed; OSError
    where it cannot be written.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DownloadFailed(f"只能从 http 或 https 地址下载，不能从 {url} 下载。")
    part = _Part(into)
    try:
        with requests.get(url, headers=part.asks_for(), stream=True, timeout=_TIMEOUT_S) as answer:
            _receive(answer, part, progress, longest)
    except requests.RequestException as error:
        raise DownloadFailed(f"下载 {url} 中断（{error}）。再执行一次会接着下载。") from error
    if sha256 is not None and (found := sha256_of(part.path)) != sha256.lower():
        part.forget()
        raise DownloadFailed(f"{url} 的校验和不对（SHA-256 {found}，应为 {sha256}），已删除。请重新下载。")
    part.finish(into)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Keep other processes out that hold the same file: two that download would write into one another's part.

    Raises DownloadFailed while there is one.
    """
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DownloadFailed("另一个程序正在下载或安装同一个模型，请等它结束后再试。") from None
        yield


def sha256_of(path: Path) -> str:
    """Give a file's SHA-256 in lower-case hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Part:
    """What has come so far, with the server's name for that version of the file (its ETag)."""

    def __init__(self, into: Path) -> None:
        self.path = into.with_name(f"{into.name}.part")
        self._tag = into.with_name(f"{into.name}.etag")

    def asks_for(self) -> dict[str, str]:
        """The header lines that ask for the rest, if the file is still the same; none for all of it."""
        whole = {"Accept-Encoding": "identity"}  # else lengths are those of something packed
        if not self.path.exists() or not self._tag.exists():
            return whole
        return {
            **whole,
            "Range": f"bytes={self.path.stat().st_size}-",
            "If-Range": self._tag.read_text(encoding="utf-8"),
        }

    @property
    def size(self) -> int:
        """Bytes that there are."""
        return self.path.stat().st_size if self.path.exists() else 0

    def is_continued_by(self, answer: requests.Response) -> bool:
        """Whether a partial answer begins where ours ends, and is of the same version."""
        begins_right = answer.headers.get("Content-Range", "").startswith(f"bytes {self.size}-")
        return (
            begins_right and self._tag.exists() and answer.headers.get("ETag") == self._tag.read_text("utf-8")
        )

    def is_all_of(self, answer: requests.Response) -> bool:
        """Whether the server says that there is nothing behind what we have."""
        return self.size > 0 and answer.headers.get("Content-Range") == f"bytes */{self.size}"

    def note(self, tag: str) -> None:
        """Keep the version's name. A weak one does not promise the same bytes (RFC 9110 13.1.5)."""
        if tag and not tag.startswith("W/"):
            self._tag.write_text(tag, encoding="utf-8")
        else:
            self._tag.unlink(missing_ok=True)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)

    def finish(self, into: Path) -> None:
        self.path.replace(into)
        self._tag.unlink(missing_ok=True)


def _receive(answer: requests.Response, part: _Part, progress: Progress, longest: int) -> None:
    """Append what is missing; begin anew where the server sends all of it."""
    if answer.status_code == _BEYOND_ITS_END and part.is_all_of(answer):
        return
    if answer.status_code == _BEYOND_ITS_END or (
        answer.status_code == _PARTIAL and not part.is_continued_by(answer)
    ):
        part.forget()
        raise DownloadFailed(f"{answer.url} 和已下载的部分对不上，已删除。请重新下载。")
    if answer.status_code not in {_OK, _PARTIAL}:
        raise DownloadFailed(f"{answer.url} 回答 {answer.status_code} {answer.reason}。请检查地址。")
    goes_on = answer.status_code == _PARTIAL
    if not goes_on:
        part.forget()
    have = part.size
    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if length.isdecimal() else None
    if (total or 0) > longest:
        raise DownloadFailed(f"{answer.url} 有 {(total or 0) >> 20} MiB，不像语音模型。")
    part.note(answer.headers.get("ETag", ""))
    with part.path.open("ab" if goes_on else "wb") as file:
        for piece in answer.iter_content(_PIECE):
            have += len(piece)
            if have > longest:
                part.forget()
                raise DownloadFailed(f"{answer.url} 超过 {longest >> 20} MiB，不像语音模型。")
            file.write(piece)
            progress(have, total)
    if total is not None and have < total:
        raise DownloadFailed(f"{answer.url} 中断（{have} / {total} 字节）。再执行一次会接着下载。")
