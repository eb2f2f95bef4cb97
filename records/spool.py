"""The spool: events on this machine's disk until the database has confirmed them.

A folder of segments, `000000000001.jsonl` and on, each a file of JSON lines that is only ever appended to.
One thread appends, one reads; what was read is reported `done`, and a segment that is done is deleted.

What it withstands:

- kill -9 at any moment. A line counts when its write(2) has returned: the page cache outlives the process.
  A process never appends to a segment of the one before it, so a torn line can only be the last of a
  segment; it is reported and kept aside (`aside-NNNN.jsonl`), the lines before it are drained.
- power loss: what `sync()` has put on the disk (EventWriter calls it when the database does not confirm).
- done twice. Positions are not written down: after a restart the oldest segment is drained again from its
  start. An event is written once in effect because its id is unique in the database (`Store.append`). A
  segment is retired early (RETIRE_BYTES), so little is drained twice.
- a full disk. A write that fails in the middle is cut off again, `SpoolUnavailable` says so and nothing is
  taken; the caller keeps its events and tries again. `max_bytes` bounds the spool before the disk does.
- two processes. The folder is locked (flock, which dies with its process); the second one gets
  `SpoolInUse`, may go on trying, and takes over when the first has gone.

Files hold what callers said, so they are readable by their owner alone. Nothing is touched before the first
use, so a spool can be made while its disk is away.
"""

import fcntl
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from records.errors import EventMalformed, SpoolFull, SpoolInUse, SpoolUnavailable
from records.event_lines import event_line, event_of_line, to_json
from records.events import CallEvent

SEGMENT_BYTES = 1 << 20
"""A segment is closed at this size: some two thousand events."""
MAX_BYTES = 1 << 30
"""All segments together: some two million events, more than a busy city's day."""
RETIRE_BYTES = 1 << 16
"""An open segment whose events are all in the database is deleted from this size on."""
_SEGMENT = re.compile(r"^(\d{12})\.jsonl$")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SpoolBatch:
    """What one reading gave: the events, the lines that are none (why, text), and where the reading ended."""

    events: tuple[CallEvent, ...]
    unreadable: tuple[tuple[str, str], ...]
    segment: int
    end: int

    def __bool__(self) -> bool:
        return bool(self.events or self.unreadable)


class Spool:
    """The spool in one folder. `append` from one thread, `read`/`done` from one, the rest from any.

    `segment_bytes` and `max_bytes` bound a file and all files. Every method may raise SpoolUnavailable.
    """

    def __init__(
        self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, max_bytes: int = MAX_BYTES
    ) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._flock: int | None = None
        self._closed = False
        self._sizes: dict[int, int] = {}  # segment → its good bytes, the oldest first
        self._current: int | None = None  # the segment that is appended to
        self._file: int | None = None
        self._sealed: list[int] = []  # descriptors of closed segments that no sync has reached yet
        self._done = 0  # bytes of the oldest segment that are done
        self._last = 0  # the highest segment number ever used here
        self._unsynced = False

    def append(self, events: Sequence[CallEvent]) -> None:
        """Write cleaned events; when this returns they outlive this process (not yet a power cut).

        On SpoolUnavailable some may have been written all the same: append all of them again.
        """
        lines = [event_line(event) for event in events]
        with self._use():
            group: list[bytes] = []
            size = 0
            for line in lines:
                if group and self._size_with(size + len(line)) > self._segment_bytes:
                    self._write(b"".join(group))
                    group, size = [], 0
                group.append(line)
                size += len(line)
            if group:
                self._write(b"".join(group))

    def sync(self) -> None:
        """Put on the disk what is written and not yet done; nothing to do if all of it is done."""
        with self._use():
            files, self._sealed = self._sealed, []
            if self._file is not None and self._unsynced:
                files.append(os.dup(self._file))
            self._unsynced = False
        if not files:
            return
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for file in (*files, folder):  # the folder too: it holds the name of a new segment
                os.fsync(file)
        except OSError as error:
            raise SpoolUnavailable(
                f"{self.folder}: fsync failed ({error.strerror}): check the disk"
            ) from error
        finally:
            for file in (*files, folder):
                os.close(file)

    def read(self, limit: int = 200) -> SpoolBatch:
        """Up to `limit` of the oldest events that are not done; an empty batch when there are none.

        Reading again without `done` gives the same events again.
        """
        while True:
            with self._use():
                self._retire()
                if not self._sizes:
                    return SpoolBatch((), (), 0, 0)
                segment, end = next(iter(self._sizes.items()))
                start, growing = self._done, segment == self._current
            batch = self._read_segment(segment, start, end, limit)
            if batch or (growing and start == end):
                return batch
            with self._use():  # nothing left in it: it is done, or someone cut or deleted the file
                if segment == self._current:
                    self._seal()
                self._done = end

    def done(self, batch: SpoolBatch) -> None:
        """The events of `batch` are in the database: forget them; set its unreadable lines aside."""
        for why, text in batch.unreadable:
            self.set_aside(why, text)
        with self._use():
            if next(iter(self._sizes), None) == batch.segment:
                self._done = batch.end
                self._retire()

    def set_aside(self, why: str, text: str) -> None:
        """Keep a line that cannot be drained, with the reason, in a file of its own; synced to the disk."""
        with self._use():
            path = self._aside()
            file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            try:
                os.write(file, to_json({"why": why, "text": text}).encode() + b"\n")
                os.fsync(file)
            finally:
                os.close(file)
        log.error("spool.line_set_aside", why=why, file=str(path), next="read the file, mend it by hand")

    @property
    def backlog_bytes(self) -> int:
        """Bytes of events that are not done."""
        with self._lock:
            return sum(self._sizes.values()) - self._done

    def close(self) -> None:
        """Delete what is done, release the folder. What is not done stays for the next process."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._seal()
            if self._flock is not None:
                try:
                    self._retire()
                except OSError as error:  # it is drained again next time, to no effect
                    log.warning("spool.not_deleted", folder=str(self.folder), error=str(error))
                os.close(self._flock)
                self._flock = None
            for file in self._sealed:
                os.close(file)
            self._sealed = []

    @contextmanager
    def _use(self) -> Iterator[None]:
        """Hold the spool, opened; failures of the disk become SpoolUnavailable."""
        with self._lock:
            if self._closed:
                raise SpoolUnavailable(f"{self.folder}: the spool is closed")
            try:
                if self._flock is None:
                    self._open()
                yield
            except OSError as error:
                reason = error.strerror or str(error)
                raise SpoolUnavailable(f"{self.folder}: {reason}: check the disk and its rights") from error

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = [match for file in self.folder.iterdir() if (match := _SEGMENT.match(file.name))]
            numbers = sorted(int(match.group(1)) for match in found)
            self._sizes = {number: self._path(number).stat().st_size for number in numbers}
        except BlockingIOError as error:
            os.close(lock)
            raise SpoolInUse(
                f"{self.folder}: in use by another process: stop it, or use another folder"
            ) from error
        except OSError:
            os.close(lock)
            raise
        self._last = max(numbers, default=0)
        self._flock = lock
        if numbers:
            log.warning("spool.found", folder=str(self.folder), bytes=sum(self._sizes.values()))

    def _path(self, segment: int) -> Path:
        return self.folder / f"{segment:012d}.jsonl"

    def _aside(self) -> Path:
        number = 1
        while (path := self.folder / f"aside-{number:04d}.jsonl").exists():
            if path.stat().st_size < self._segment_bytes:
                break
            number += 1
        return path

    def _size_with(self, more: int) -> int:
        return more + (self._sizes[self._current] if self._current is not None else 0)

    def _write(self, lines: bytes) -> None:
        if sum(self._sizes.values()) + len(lines) > self._max_bytes:
            raise SpoolFull(f"{self.folder}: {self._max_bytes} bytes are waiting: bring the database back")
        if self._current is not None and self._size_with(len(lines)) > self._segment_bytes:
            self._seal()
        if self._file is None:
            self._begin_segment()
        file, segment = self._file, self._current
        if file is None or segment is None:
            raise AssertionError("_begin_segment opens one")
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(file, rest) :]
        except OSError:
            self._cut(file, self._sizes[segment])
            raise
        self._sizes[segment] += len(lines)
        self._unsynced = True

    def _begin_segment(self) -> None:
        number = self._last + 1
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
        self._file = os.open(self._path(number), flags, 0o600)
        self._current = self._last = number
        self._sizes[number] = 0

    def _cut(self, file: int, size: int) -> None:
        """Take a half-written batch off again; if even that fails, go on in a new segment."""
        try:
            os.ftruncate(file, size)
        except OSError:
            log.exception("spool.not_truncated", folder=str(self.folder))
            self._seal()

    def _seal(self) -> None:
        """Close the current segment; its descriptor stays open until a sync has reached it."""
        if self._file is not None:
            self._sealed.append(self._file)
        self._file = self._current = None

    def _retire(self) -> None:
        """Delete the segments that are done, and an open one when it is large enough to be worth it."""
        while self._sizes:
            segment, size = next(iter(self._sizes.items()))
            if self._done < size:
                return
            if segment == self._current:
                self._unsynced = False  # all of it is in the database
                if size < RETIRE_BYTES:
                    return
                self._seal()
            self._path(segment).unlink(missing_ok=True)
            del self._sizes[segment]
            self._done = 0
        for file in self._sealed:  # nothing waits any more: there is nothing to sync
            os.close(file)
        self._sealed = []

    def _read_segment(self, segment: int, start: int, end: int, limit: int) -> SpoolBatch:
        events: list[CallEvent] = []
        unreadable: list[tuple[str, str]] = []
        at = start
        try:
            with self._path(segment).open("rb") as file:
                file.seek(start)
                while at < end and len(events) + len(unreadable) < limit:
                    line = file.readline(end - at)
                    if not line:  # the file is shorter than it was: someone cut it
                        break
                    at += len(line)
                    self._take(line, events, unreadable)
        except FileNotFoundError:
            log.critical("spool.segment_vanished", segment=segment, bytes=end - start)
        except OSError as error:
            raise SpoolUnavailable(f"{self._path(segment)}: {error.strerror}: check the disk") from error
        return SpoolBatch(tuple(events), tuple(unreadable), segment, at)

    def _take(self, line: bytes, events: list[CallEvent], unreadable: list[tuple[str, str]]) -> None:
        try:
            events.append(event_of_line(line))
        except EventMalformed as error:
            torn = not line.endswith(b"\n")
            why = "torn: the process died while writing it" if torn else str(error)
            unreadable.append((why, line.decode("utf-8", "replace")))
