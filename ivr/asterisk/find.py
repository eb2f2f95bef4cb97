"""Finds an Asterisk that is already on the machine, and says what it is good for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ivr.asterisk.errors import AsteriskNotFound, AsteriskUnusable
from ivr.asterisk.modules import available
from ivr.asterisk.version import AsteriskVersion, Fitness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VERSION_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class AsteriskInstall:
    """An Asterisk that can be run."""

    binary: Path
    modules_dir: Path
    data_dir: Path
    """Holds documentation/core-en_US.xml, without which PJSIP does not load."""
    version: AsteriskVersion
    private: bool = False
    """Installed by us below `data`, not the machine's own."""

    @property
    def modules(self) -> frozenset[str]:
        """Names of the modules there are. Raises AsteriskUnusable when a needed one is not."""
        return available(self.modules_dir)

    def describe(self) -> str:
        """One line for the log and for `doctor`."""
        whose = "private" if self.private else "the machine's own"
        return f"Asterisk {self.version} ({whose}, {self.binary}): {self.version.remark}"


def find(binary: Path | Literal["auto"], environment: Mapping[str, str] = os.environ) -> AsteriskInstall:
    """The Asterisk that the settings, `$ASTERISK_BIN` or PATH name.

    One named by the settings or by `$ASTERISK_BIN` is taken at any version that works at all; one that just lies in
    PATH only when its version is fit. Raises AsteriskNotFound (there is none) or AsteriskUnusable (why not).
    """
    named = str(binary) if binary != "auto" else environment.get("ASTERISK_BIN", "")
    if named:
        path = Path(named)
        if not path.is_file() or not os.access(path, os.X_OK):
            raise AsteriskUnusable(f"{path} is not a program. Correct `asterisk: binary:` or $ASTERISK_BIN.")
        return inspect(path)
    search = os.pathsep.join(p for p in (environment.get("PATH", ""), "/usr/sbin", "/usr/local/sbin") if p)
    found = shutil.which("asterisk", path=search)
    if found is None:
        raise AsteriskNotFound("no asterisk in $ASTERISK_BIN or PATH")
    return inspect(Path(found))


def inspect(binary: Path) -> AsteriskInstall:
    """Ask a program which Asterisk it is and find its folders. Raises AsteriskUnusable with the reason."""
    version = version_of(binary)
    if version.fitness is Fitness.TOO_OLD:
        raise AsteriskUnusable(f"{binary} is Asterisk {version}: {version.remark}")
    modules_dir = next((d for d in _module_folders(binary) if (d / "chan_pjsip.so").is_file()), None)
    if modules_dir is None:
        raise AsteriskUnusable(
            f"the modules of {binary} were not found (no chan_pjsip.so in the usual folders)"
        )
    data_dir = next(
        (d for d in _data_folders(binary) if (d / "documentation" / "core-en_US.xml").is_file()), None
    )
    if data_dir is None:
        raise AsteriskUnusable(
            f"the XML documentation of {binary} was not found; PJSIP does not load without it"
        )
    available(modules_dir)
    return AsteriskInstall(binary, modules_dir, data_dir, version)


def version_of(binary: Path) -> AsteriskVersion:
    """What `asterisk -V` says. Raises AsteriskUnusable when it cannot be run or says nothing."""
    try:
        done = subprocess.run(
            [binary, "-V"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_LIMIT_S,
            check=False,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AsteriskUnusable(f"{binary} cannot be run: {error}") from None
    version = AsteriskVersion.parse(done.stdout)
    if done.returncode != 0 or version is None:
        said = (done.stdout + done.stderr).strip()[:200]
        raise AsteriskUnusable(f"{binary} -V gives no version (exit {done.returncode}): {said}")
    return version


def _module_folders(binary: Path) -> Iterator[Path]:
    yield from _configured("astmoddir")
    for root in _roots(binary):
        yield from sorted((root / "lib").glob("*-linux-gnu*/asterisk/modules"))
        yield root / "lib" / "asterisk" / "modules"
        yield root / "lib64" / "asterisk" / "modules"


def _data_folders(binary: Path) -> Iterator[Path]:
    yield from _configured("astdatadir")
    for root in _roots(binary):
        yield root / "share" / "asterisk"
    yield Path("/var/lib/asterisk")


def _roots(binary: Path) -> tuple[Path, ...]:
    """`/usr` for `/usr/sbin/asterisk`, a private one's folder (see `install.py`), then the usual places."""
    launcher = binary.resolve().parent
    private = launcher.parent.parent / launcher.name / "usr"
    return tuple(dict.fromkeys((launcher.parent, private, Path("/usr/local"), Path("/usr"))))


def _configured(key: str, configuration: Path = Path("/etc/asterisk/asterisk.conf")) -> Iterator[Path]:
    try:
        text = configuration.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    match = re.search(rf"^\s*{key}\s*=>?\s*([^\s;]+)", text, re.MULTILINE)
    if match:
        yield Path(match[1])
