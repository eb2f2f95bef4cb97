"""Debian packages with all they need, unpacked in a private folder: no root, nothing changed on the host.

Only the files are unpacked; the packages' own scripts do not run. With a `suite` of its own (forky, sid) the folder
also holds that suite's C library, and its programs must be started with the folder's loader (see `prefix.loader`).
With `suite=None` the packages are of the host's own suite and the C library is left out: programs run on the host's.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provision.apt import Archive, PrivateApt
from provision.errors import FolderTaken, NoSpace, PackageBroken, ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MARKER = ".provision.json"
#: A loader and its C library are one pair: beside the host's loader only the host's own may be loaded.
_HOST_PAIR = frozenset({"libc6", "libc-bin", "libgcc-s1", "libcrypt1"})
#: Never read by a program: manual pages and translated messages, a third of the files.
_UNWANTED = ("./usr/share/man", "./usr/share/info", "./usr/share/locale", "./usr/share/lintian")
#: Room wanted on disk for each byte downloaded: 81 MB of packages became 268 MB of files beside the packages.
_GROWTH = 4.5


def unpack(
    packages: Sequence[str],
    into: Path,
    *,
    suite: str | None = None,
    progress: Callable[[str], None] = lambda _line: None,
) -> Path:
    """Have `packages` with all they depend on below `into`, and give `into` back.

    Done at once when a marker in `into` says they are there; else what is there and what is asked for are fetched
    together into a folder beside it, which then takes its place in one rename: `into` is never half done. Calls from
    several processes wait for each other. `progress` is told of each step in one line.
    Raises AptMissing, MirrorUnreachable, PackageNotFound, NoSpace, FolderTaken, PackageBroken (all ProvisionError).
    """
    into = into.absolute()
    wanted = tuple(sorted(set(packages)))
    if not wanted or any(not name or name.startswith("-") for name in wanted):
        raise ProvisionError(
            f"no package names: {packages!r}. Name at least one, as in `unpack(['espeak-ng'], …)`."
        )
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(into.parent / f".{into.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _unwritable(into.parent, error) from error
    with _held(lock):
        there = _read_marker(into, suite)
        if there is not None and set(wanted) <= set(there):
            return into
        wanted = tuple(sorted({*wanted, *(there or ())}))
        work = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
        try:
            _fetch(wanted, work, suite, progress)
            _put_in_place(work / "tree", into)
        except OSError as error:
            raise _unwritable(into.parent, error) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return into


def versions(into: Path) -> Mapping[str, str]:
    """Name and version of each package unpacked in `into`; empty when there are none."""
    marker = into / MARKER
    if not marker.exists():
        return {}
    found: dict[str, str] = json.loads(marker.read_text(encoding="utf-8"))["versions"]
    return found


def _fetch(packages: tuple[str, ...], work: Path, suite: str | None, progress: Callable[[str], None]) -> None:
    apt = PrivateApt(work, suite)
    progress(f"reading the package lists of {suite or 'this system'}")
    apt.update()
    archives = apt.resolve(packages)
    if suite is None:
        archives = tuple(archive for archive in archives if archive.name not in _HOST_PAIR)
    size = sum(archive.size for archive in archives)
    free = shutil.disk_usage(work).free
    if free < size * _GROWTH:
        raise NoSpace(
            f"{' '.join(packages)} need about {size * _GROWTH / 1e6:.0f} MB below {work.parent}, "
            f"{free / 1e6:.0f} MB are free. Free some space, or choose a folder on another disk."
        )
    progress(f"downloading {len(archives)} packages, {size / 1e6:.0f} MB")
    apt.download(packages)
    progress(f"unpacking {len(archives)} packages")
    tree = work / "tree"
    for name in ("bin", "sbin", "lib", "lib64"):  # merged /usr, before any package makes a folder of the name
        (tree / "usr" / name).mkdir(parents=True, exist_ok=True)
        (tree / name).symlink_to(f"usr/{name}")
    for archive in archives:
        _unpack_one(archive.path, tree)
    tree.chmod(0o755)
    _write_marker(tree, packages, suite, archives)


def _unpack_one(package: Path, tree: Path) -> None:
    excluded = [f"--exclude={path}" for path in _UNWANTED]
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as source:
        done = subprocess.run(
            # no owners and no set-user-id bits: nothing here shall run as anyone else
            ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "--no-same-permissions", *excluded],
            stdin=source.stdout,
            capture_output=True,
            text=True,
            check=False,
            cwd=tree,
            umask=0o022,
        )
        said = (source.stderr.read().decode(errors="replace") if source.stderr else "") + done.stderr
    if "No space left" in said:
        raise NoSpace(f"the disk of {tree} is full. Free some space and call again.")
    if done.returncode or source.returncode:
        raise PackageBroken(
            f"{package.name} could not be unpacked; call again to download it anew. tar said: {said[-800:]}"
        )


def _put_in_place(tree: Path, into: Path) -> None:
    if into.exists():
        tree.parent.joinpath("old").mkdir()
        into.rename(tree.parent / "old" / into.name)
    tree.rename(into)


def _read_marker(into: Path, suite: str | None) -> tuple[str, ...] | None:
    marker = into / MARKER
    if not marker.exists():
        if into.exists() and (not into.is_dir() or any(into.iterdir())):
            raise FolderTaken(
                f"{into} exists and was not made by this program. Name another folder, or remove it."
            )
        return None
    told: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
    if told["suite"] != suite:
        raise FolderTaken(
            f"{into} holds packages of suite {told['suite']}, asked for was {suite}. "
            "Two suites do not share a folder: name another one."
        )
    return tuple(told["packages"])


def _write_marker(
    tree: Path, packages: tuple[str, ...], suite: str | None, archives: Sequence[Archive]
) -> None:
    told = {
        "packages": list(packages),
        "suite": suite,
        "versions": {archive.name: archive.version for archive in archives},
    }
    (tree / MARKER).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


@contextmanager
def _held(lock: int) -> Iterator[None]:
    """Hold the open lock file among all processes; a process that dies gives it back."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _unwritable(folder: Path, error: OSError) -> ProvisionError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(f"the disk of {folder} is full. Free some space there and call again.")
    return ProvisionError(f"could not write below {folder}: {error}. Name a folder that this user may write.")
