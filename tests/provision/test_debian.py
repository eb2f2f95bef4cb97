"""Packages into a private folder, with the real apt and dpkg-deb and a mirror on this disk."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import stat
from pathlib import Path
from typing import NamedTuple

import pytest

from provision import debian
from provision.debian import MARKER, unpack, versions
from provision.errors import FolderTaken, NoSpace, PackageBroken, PackageNotFound, ProvisionError
from tests.provision.repository import SUITE, Repository


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def fill(mirror: Repository) -> None:
    mirror.add(
        "tool", {"usr/bin/tool": "tool", "usr/share/man/man1/tool.1": "no"}, depends="libtool-own, libc6"
    )
    mirror.add("libtool-own", {"lib/x86_64-linux-gnu/libown.so.1": "own"}, version="2:1.5~rc1-3")
    mirror.add("libc6", {"lib/x86_64-linux-gnu/libc.so.6": "libc"})
    mirror.add("other", {"usr/bin/other": "other", "usr/bin/other-suid": "x"})


def test_a_package_with_what_it_needs(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    told: list[str] = []
    into = unpack(["tool"], tmp_path / "new" / "into", suite=SUITE, progress=told.append)
    assert into == tmp_path / "new" / "into"
    assert (into / "usr/bin/tool").read_text() == "tool"
    assert (into / "usr/lib/x86_64-linux-gnu/libown.so.1").read_text() == "own"
    assert (into / "usr/lib/x86_64-linux-gnu/libc.so.6").exists()
    assert (into / "lib").readlink() == Path("usr/lib")
    assert not (into / "usr/share/man").exists()
    assert versions(into) == {"tool": "1.0-1", "libtool-own": "2:1.5~rc1-3", "libc6": "1.0-1"}
    assert len(told) == 3
    assert SUITE in told[0]


def test_the_hosts_suite_leaves_the_c_library_to_the_host(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    into = unpack(["tool"], tmp_path / "into", suite=None)
    assert set(versions(into)) == {"tool", "libtool-own"}
    assert not (into / "usr/lib/x86_64-linux-gnu/libc.so.6").exists()


def test_the_second_time_nothing_is_asked(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    into = unpack(["tool", "other"], tmp_path / "into", suite=SUITE)
    written = (into / "usr/bin/tool").stat().st_ino
    shutil.rmtree(mirror.root / "dists")
    told: list[str] = []
    assert unpack(["tool"], into, suite=SUITE, progress=told.append) == into
    assert told == []
    assert (into / "usr/bin/tool").stat().st_ino == written


def test_more_packages_join_those_that_are_there(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    into = unpack(["tool"], tmp_path / "into", suite=SUITE)
    unpack(["other"], into, suite=SUITE)
    assert (into / "usr/bin/tool").exists()
    assert (into / "usr/bin/other").exists()
    assert json.loads((into / MARKER).read_text())["packages"] == ["other", "tool"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".into.lock", "into", "mirror"]


def test_no_program_runs_as_somebody_else(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    into = unpack(["other"], tmp_path / "into", suite=SUITE)
    assert not (into / "usr/bin/other-suid").stat().st_mode & (stat.S_ISUID | stat.S_ISGID)
    assert into.stat().st_mode & stat.S_IXOTH


def test_the_hosts_hooks_do_not_run(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    unpack(["tool"], tmp_path / "into", suite=None)
    assert not (mirror.root / "hook-ran").exists()


def test_a_failed_attempt_leaves_nothing_and_what_was_there(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    into = unpack(["other"], tmp_path / "into", suite=SUITE)
    with pytest.raises(PackageNotFound, match="no-such-tool"):
        unpack(["no-such-tool"], into, suite=SUITE)
    assert (into / "usr/bin/other").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == [".into.lock", "into", "mirror"]


def test_a_dependency_that_does_not_exist(mirror: Repository, tmp_path: Path) -> None:
    mirror.add("needy", {"usr/bin/needy": ""}, depends="no-such-library")
    with pytest.raises(PackageNotFound, match="no-such-library"):
        unpack(["needy"], tmp_path / "into", suite=SUITE)


def test_a_package_that_was_tampered_with(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    package = next((mirror.root / "pool").glob("other_*.deb"))
    package.write_bytes(package.read_bytes()[:-10] + b"tampered!!")
    with pytest.raises(ProvisionError):
        unpack(["other"], tmp_path / "into", suite=SUITE)
    assert not (tmp_path / "into").exists()


def test_a_package_that_cannot_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "x.deb").write_bytes(b"!<arch>\nnot a package")
    (tmp_path / "tree").mkdir()
    with pytest.raises(PackageBroken, match=r"x\.deb"):
        debian._unpack_one(tmp_path / "x.deb", tmp_path / "tree")


def test_a_disk_that_is_too_full(mirror: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(mirror)
    monkeypatch.setattr("provision.debian.shutil.disk_usage", lambda _path: Usage(1000, 900, 100))
    with pytest.raises(NoSpace, match="are free"):
        unpack(["tool"], tmp_path / "into", suite=SUITE)


def test_a_disk_that_fills_up(mirror: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(mirror)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(debian, "_write_marker", full)
    with pytest.raises(NoSpace, match="Free some space"):
        unpack(["tool"], tmp_path / "into", suite=SUITE)


def test_a_folder_that_is_somebody_elses(mirror: Repository, tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "thesis.txt").write_text("mine")
    with pytest.raises(FolderTaken):
        unpack(["tool"], tmp_path / "into", suite=SUITE)
    assert (tmp_path / "into" / "thesis.txt").read_text() == "mine"


def test_two_suites_do_not_mix(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    unpack(["tool"], tmp_path / "into", suite=SUITE)
    with pytest.raises(FolderTaken, match="Two suites"):
        unpack(["tool"], tmp_path / "into", suite=None)


def test_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProvisionError, match="could not write"):
        unpack(["tool"], tmp_path / "file" / "into", suite=SUITE)


@pytest.mark.parametrize("names", [[], [""], ["--allow-insecure"], ["-o", "x"]])
def test_names_that_are_none(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(ProvisionError, match="no package names"):
        unpack(names, tmp_path / "into", suite=SUITE)


def _unpack_in_process(into: Path, told: multiprocessing.Queue[str]) -> None:
    unpack(["tool"], into, suite=SUITE, progress=told.put)


def test_several_processes_at_once_fetch_once(mirror: Repository, tmp_path: Path) -> None:
    fill(mirror)
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[str] = context.Queue()
    workers = [context.Process(target=_unpack_in_process, args=(tmp_path / "into", told)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    lines = [told.get(timeout=5) for _ in range(3)]
    assert told.empty()
    assert len(set(lines)) == 3


def test_an_empty_folder_has_no_versions(tmp_path: Path) -> None:
    assert versions(tmp_path) == {}
