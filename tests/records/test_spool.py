import errno
import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from structlog.testing import capture_logs

from records.errors import SpoolFull, SpoolInUse, SpoolUnavailable
from records.event_lines import event_line
from records.events import CallEvent, EventKind
from records.spool import RETIRE_BYTES, Spool
from tests.records.call_events import event, whole_call


def numbered(count: int, start: int = 0) -> list[CallEvent]:
    return [event(f"call-{number}", event_id=f"id-{number}") for number in range(start, start + count)]


def drain(spool: Spool, limit: int = 200) -> list[CallEvent]:
    found: list[CallEvent] = []
    while batch := spool.read(limit):
        found += batch.events
        spool.done(batch)
    return found


def segments(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("0*.jsonl"))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool")
    yield made
    made.close()


def test_events_come_out_as_and_in_the_order_they_went_in(spool: Spool) -> None:
    spool.append(whole_call())
    spool.append(numbered(3))
    assert drain(spool, limit=4) == whole_call() + numbered(3)
    assert not spool.read()
    assert spool.backlog_bytes == 0


def test_reading_again_without_done_gives_the_same(spool: Spool) -> None:
    spool.append(numbered(5))
    assert spool.read(2) == spool.read(2)
    spool.done(spool.read(2))
    assert [found.event_id for found in spool.read(9).events] == ["id-2", "id-3", "id-4"]


def test_nothing_is_touched_before_the_first_use(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    assert spool.backlog_bytes == 0
    assert not (tmp_path / "spool").exists()
    spool.close()


def test_what_was_not_done_is_there_for_the_next_process(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    first.append(numbered(5))
    first.done(first.read(2))
    first.close()
    second = Spool(tmp_path)
    with capture_logs() as logs:
        # From the start of the segment: the database knows the ids that it has.
        assert drain(second) == numbered(5)
    assert logs[0]["event"] == "spool.found"
    second.close()
    assert segments(tmp_path) == []


def test_what_was_done_is_deleted(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered(5))
    drain(spool)
    assert len(segments(tmp_path)) == 1  # small: kept open for what comes next
    spool.append([event(kind=EventKind.HEARD, text="水" * 8_000)] * (RETIRE_BYTES // 24_000 + 1))
    drain(spool)
    assert segments(tmp_path) == []
    spool.append(numbered(1))
    drain(spool)
    spool.close()
    assert segments(tmp_path) == []


def test_files_are_bounded_and_deleted_one_by_one(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=1_000)
    spool.append(numbered(50))
    spool.append(numbered(50, start=50))
    assert all(path.stat().st_size <= 1_000 for path in tmp_path.glob("0*.jsonl"))
    before = len(segments(tmp_path))
    assert before > 10
    spool.done(spool.read(20))
    assert 0 < len(segments(tmp_path)) < before
    assert [found.event_id for found in drain(spool)][-1] == "id-99"
    spool.close()


def test_one_event_larger_than_a_segment_has_one_of_its_own(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=100)
    large = event(kind=EventKind.HEARD, text="水" * 500)
    spool.append([large, *numbered(1)])
    assert drain(spool) == [large, *numbered(1)]
    spool.close()


def test_a_torn_last_line_is_reported_kept_aside_and_the_rest_drained(tmp_path: Path) -> None:
    lines = b"".join(map(event_line, numbered(3)))
    (tmp_path / "000000000001.jsonl").write_bytes(lines[:-20])
    (tmp_path / "000000000002.jsonl").write_bytes(event_line(numbered(1, start=3)[0]))
    spool = Spool(tmp_path)
    with capture_logs() as logs:
        assert drain(spool) == [*numbered(2), *numbered(1, start=3)]
    assert [entry["log_level"] for entry in logs if entry["event"] == "spool.line_set_aside"] == ["error"]
    kept = json.loads((tmp_path / "aside-0001.jsonl").read_text())
    assert kept["why"].startswith("torn")
    assert kept["text"].encode() == event_line(numbered(3)[2])[:-20]
    spool.close()
    assert segments(tmp_path) == []


def test_a_last_line_that_only_lacks_its_end_is_whole(tmp_path: Path) -> None:
    (tmp_path / "000000000001.jsonl").write_bytes(event_line(numbered(1)[0]).rstrip(b"\n"))
    spool = Spool(tmp_path)
    assert drain(spool) == numbered(1)
    spool.close()


def test_garbage_in_the_middle_does_not_stop_what_follows(tmp_path: Path) -> None:
    good = [event_line(made) for made in numbered(2)]
    (tmp_path / "000000000007.jsonl").write_bytes(good[0] + b"\x00\xff\n" + b'{"a":1}\n' + good[1])
    spool = Spool(tmp_path)
    assert drain(spool) == numbered(2)
    kept = [json.loads(line) for line in (tmp_path / "aside-0001.jsonl").read_text().splitlines()]
    assert [line["text"] for line in kept] == ["\x00\ufffd\n", '{"a":1}\n']
    spool.close()


@settings(max_examples=50, deadline=None)
@given(cut=st.integers(0, 600), count=st.integers(1, 4))
def test_wherever_a_file_is_torn_the_whole_lines_are_drained(
    tmp_path_factory: pytest.TempPathFactory, cut: int, count: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    lines = [event_line(made) for made in numbered(count)]
    content = b"".join(lines)[:cut]
    (folder / "000000000001.jsonl").write_bytes(content)
    spool = Spool(folder)
    found = drain(spool)
    spool.close()
    ends = [sum(map(len, lines[: number + 1])) - 1 for number in range(count)]
    assert found == numbered(count)[: sum(end <= cut for end in ends)]


def test_a_segment_of_another_process_is_never_appended_to(tmp_path: Path) -> None:
    (tmp_path / "000000000041.jsonl").write_bytes(event_line(numbered(1)[0])[:-9])
    spool = Spool(tmp_path)
    spool.append(numbered(1, start=1))
    assert segments(tmp_path) == ["000000000041.jsonl", "000000000042.jsonl"]
    assert drain(spool) == numbered(1, start=1)
    spool.close()


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    for name in ("notes.txt", "1.jsonl", "aside-0001.jsonl"):
        (tmp_path / name).write_text("mine\n")
    spool = Spool(tmp_path)
    spool.append(numbered(1))
    drain(spool)
    spool.close()
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "1.jsonl", "aside-0001.jsonl", "lock"}


def test_a_segment_that_someone_deleted_does_not_stop_the_others(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=200)
    spool.append(numbered(6))
    (tmp_path / segments(tmp_path)[0]).unlink()
    with capture_logs() as logs:
        found = drain(spool)
    assert [entry["event"] for entry in logs] == ["spool.segment_vanished"]
    assert 0 < len(found) < 6
    assert found[-1].event_id == "id-5"
    (tmp_path / segments(tmp_path)[-1]).unlink(missing_ok=True)
    spool.append(numbered(1, start=6))
    assert spool.backlog_bytes > 0
    spool.close()


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "new" / "spool")
    spool.append(numbered(1))
    spool.set_aside("why", "text")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new" / "spool").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "new" / "spool").stat().st_mode) == 0o700
    spool.close()


def test_files_set_aside_are_bounded_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=300)
    for number in range(10):
        spool.set_aside("test", f"{number}" * 90)
    files = sorted(tmp_path.glob("aside-*.jsonl"))
    assert len(files) > 2
    texts = [json.loads(line)["text"][0] for path in files for line in path.read_text().splitlines()]
    assert texts == [str(number) for number in range(10)]
    spool.close()


def test_the_spool_ends_before_the_disk_does(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=500, max_bytes=2_000)
    with pytest.raises(SpoolFull, match="bring the database back"):
        spool.append(numbered(100))
    assert sum(path.stat().st_size for path in tmp_path.glob("0*.jsonl")) <= 2_000
    found = drain(spool)
    assert found == numbered(len(found))
    assert len(found) > 8
    spool.append(numbered(1))
    spool.close()


def test_a_write_that_fails_in_the_middle_is_cut_off_again(tmp_path: Path) -> None:
    """A real short write: the kernel writes up to the file size limit, then fails, as on a full disk."""
    script = """
import resource, signal, sys
from pathlib import Path
from records.errors import SpoolUnavailable
from records.spool import Spool
from tests.records.test_spool import drain, numbered
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
spool = Spool(Path(sys.argv[1]))
spool.append(numbered(3))
size = sum(path.stat().st_size for path in Path(sys.argv[1]).glob("0*.jsonl"))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
try:
    spool.append(numbered(5, start=3))
except SpoolUnavailable as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert sum(path.stat().st_size for path in Path(sys.argv[1]).glob("0*.jsonl")) == size
spool.append(numbered(5, start=3))
assert drain(spool) == numbered(8)
spool.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "File too large: check the disk" in done.stdout
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_disk_that_is_full_takes_nothing_and_says_so() -> None:
    """/dev/full is the kernel's own full disk: it opens, and every write fails with ENOSPC."""
    file = os.open("/dev/full", os.O_WRONLY)
    folder_spool = Spool(Path("/nonexistent"))
    folder_spool._flock = os.open("/dev/null", os.O_RDONLY)
    folder_spool._file, folder_spool._current, folder_spool._sizes = file, 1, {1: 0}
    with capture_logs() as logs, pytest.raises(SpoolUnavailable, match=os.strerror(errno.ENOSPC)):
        folder_spool.append(numbered(1))
    # A device cannot be truncated either: the segment is given up, the next write begins a new one.
    assert [entry["event"] for entry in logs] == ["spool.not_truncated"]
    assert folder_spool._current is None
    folder_spool.close()


def test_a_folder_that_cannot_be_made_is_unavailable_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "disk").touch()
    spool = Spool(tmp_path / "disk" / "spool")
    for act in (lambda: spool.append(numbered(1)), spool.read, spool.sync):
        with pytest.raises(SpoolUnavailable, match="check the disk"):
            act()
    (tmp_path / "disk").unlink()
    spool.append(numbered(1))
    assert drain(spool) == numbered(1)
    spool.close()


def test_a_second_process_waits_for_the_folder_and_takes_over(tmp_path: Path) -> None:
    first, second = Spool(tmp_path), Spool(tmp_path)
    first.append(numbered(2))
    with pytest.raises(SpoolInUse, match="another process"):
        second.append(numbered(1, start=2))
    with pytest.raises(SpoolInUse):
        second.read()
    first.close()
    second.append(numbered(1, start=2))
    assert drain(second) == numbered(3)
    second.close()


def test_a_closed_spool_says_so(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered(1))
    spool.close()
    spool.close()
    for act in (lambda: spool.append(numbered(1)), spool.read, spool.sync):
        with pytest.raises(SpoolUnavailable, match="closed"):
            act()


def test_sync_reaches_what_waits_and_only_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def watch(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        real(file)

    monkeypatch.setattr(os, "fsync", watch)
    spool = Spool(tmp_path, segment_bytes=300)
    spool.append(numbered(5))
    spool.sync()
    assert synced == [*segments(tmp_path), tmp_path.name]
    spool.sync()
    assert len(synced) == len(segments(tmp_path)) + 1
    spool.append(numbered(1))
    drain(spool)
    before = list(synced)
    spool.sync()  # all of it is done
    assert synced == before
    spool.close()


def test_an_fsync_that_fails_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    spool = Spool(tmp_path)
    spool.append(numbered(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(SpoolUnavailable, match="fsync failed"):
            spool.sync()
    assert drain(spool) == numbered(1)
    spool.close()


def test_a_segment_deleted_while_it_is_open_is_given_up(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered(2))
    (tmp_path / segments(tmp_path)[0]).unlink()
    with capture_logs() as logs:
        assert drain(spool) == []
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("spool.segment_vanished", "critical")
    ]
    spool.append(numbered(1, start=2))
    assert drain(spool) == numbered(1, start=2)
    spool.close()


def test_a_segment_cut_short_by_someone_gives_what_is_left(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(numbered(3))
    path = tmp_path / segments(tmp_path)[0]
    os.truncate(path, len(event_line(numbered(1)[0])))
    spool.append(numbered(1, start=3))
    assert drain(spool)[0] == numbered(1)[0]
    spool.append(numbered(1, start=4))
    assert drain(spool) == numbered(1, start=4)
    spool.close()


def test_a_segment_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "000000000001.jsonl").mkdir()
    (tmp_path / "000000000001.jsonl" / "file").touch()
    spool = Spool(tmp_path)
    with pytest.raises(SpoolUnavailable, match="check the disk"):
        spool.read()
    spool.close()


def test_closing_where_nothing_can_be_deleted_leaves_it_for_the_next(tmp_path: Path) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - Path.unlink's own signature
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    spool = Spool(tmp_path)
    spool.append(numbered(2))
    drain(spool)
    with capture_logs() as logs, pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        spool.close()
    assert [entry["event"] for entry in logs] == ["spool.not_deleted"]
    again = Spool(tmp_path)
    assert drain(again) == numbered(2)
    again.close()


class SpoolLife(RuleBasedStateMachine):
    """Any sequence of appends, reads, done, restarts: what was appended comes out, in order, until it is done."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = Path(tempfile.mkdtemp(prefix="spool-life"))
        self.spool = Spool(self.folder, segment_bytes=700)
        self.waiting: list[str] = []
        self.stored: set[str] = set()
        self.count = 0

    @rule(count=st.integers(1, 9))
    def append(self, count: int) -> None:
        events = numbered(count, self.count)
        self.count += count
        self.spool.append(events)
        self.waiting += [made.event_id for made in events]

    @rule(limit=st.integers(1, 9))
    def store(self, limit: int) -> None:
        batch = self.spool.read(limit)
        found = [made.event_id for made in batch.events]
        fresh = [name for name in found if name not in self.stored]
        assert fresh == self.waiting[: len(fresh)]
        assert found or not self.waiting
        self.stored.update(found)
        del self.waiting[: len(fresh)]
        self.spool.done(batch)

    @rule()
    def sync(self) -> None:
        self.spool.sync()

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = Spool(self.folder, segment_bytes=700)

    @precondition(lambda self: self.waiting)
    @rule()
    def die(self) -> None:
        """As after kill -9: nothing is tidied up, the lock goes with the process."""
        old, self.spool = self.spool, Spool(self.folder, segment_bytes=700)
        for file in [old._file, old._flock, *old._sealed]:
            if file is not None:
                os.close(file)

    def teardown(self) -> None:
        import shutil

        while batch := self.spool.read():
            self.stored.update(made.event_id for made in batch.events)
            self.spool.done(batch)
        assert self.stored == {f"id-{number}" for number in range(self.count)}
        self.spool.close()
        assert segments(self.folder) == []
        shutil.rmtree(self.folder)


SpoolLife.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
test_spool_life = SpoolLife.TestCase
