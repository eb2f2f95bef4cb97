"""A growing file of lines that somebody else writes, read from where it was last read to."""

from __future__ import annotations

import os
import re
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_BOOKMARK = re.compile(r"([0-9]{1,20}) ([0-9]{1,18})")


class GrowingFile:
    """`path` with the place that it was read to, which is kept in `bookmark`.

    Read, work, then `keep`: what was read but not kept is read again after a crash.
    """

    def __init__(self, path: Path, bookmark: Path) -> None:
        self._path = path
        self._bookmark = bookmark

    def read(self) -> tuple[str, str | None]:
        """What is new, whole lines only, and the bookmark behind it; None when there was nothing to read.

        Another file than the bookmark's, or one that is shorter, was begun anew (rotated) and is read from its
        beginning. A file that is not there is empty.
        """
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                inode, position = self._position()
                same = inode == status.st_ino and position <= status.st_size
                begin = file.seek(position if same else 0)
                data = file.read()
        except FileNotFoundError:
            return "", None
        except OSError as error:
            log.warning("call_log.unreadable", path=str(self._path), reason=error.strerror)
            return "", None
        whole = data[: data.rfind(b"\n") + 1]
        return whole.decode("utf-8", "replace"), f"{status.st_ino} {begin + len(whole)}"

    def keep(self, bookmark: str | None) -> None:
        """Begin behind this place next time; None leaves it where it was."""
        if bookmark is None:
            return
        fresh = self._bookmark.with_suffix(".new")
        try:
            self._bookmark.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(f"{bookmark}\n", encoding="ascii")
            fresh.replace(self._bookmark)
        except OSError as error:  # the same lines are read again next time
            log.warning("call_log.bookmark_lost", path=str(self._bookmark), reason=error.strerror)

    def _position(self) -> tuple[int, int]:
        """The file (its inode) and the place in it, in bytes, that it was read to."""
        try:
            found = _BOOKMARK.fullmatch(self._bookmark.read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError):
            return 0, 0
        return (int(found[1]), int(found[2])) if found else (0, 0)
