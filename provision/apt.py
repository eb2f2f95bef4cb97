"""The host's apt, used without touching the host: own lists, own cache, an empty list of installed packages.

apt reads the host's configuration (proxy, certificates, mirrors, keyrings) through a copy, from which the hooks
are left out: `APT::Update::Post-Invoke` and its kin would otherwise run the host's own housekeeping as our user.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from provision.errors import AptMissing, MirrorUnreachable, PackageNotFound, ProvisionError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Configuration that must not travel from the host: hooks, places, extra indexes (Contents, DEP-11).
_LEFT_OUT = re.compile(
    r"^(Dir::(State|Cache|Log)|DPkg|APT::Update|APT::Default-Release|APT::Install-|APT::Sandbox|Acquire::IndexTargets"
    r"|Acquire::Languages|Acquire::(https?|ftp)::Timeout|AptCli|Binary|quiet|CommandLine)\b",
    re.IGNORECASE,
)
_URI = re.compile(r"^'(?P<uri>[^']+)' (?P<name>\S+) (?P<size>\d+)")
_NETWORK = re.compile(
    r"resolv|connect|timed? ?out|unreachable|Failed to fetch|network|Could not handshake|\b50[234]\b",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(
    r"Unable to locate package|unmet dependencies|no installation candidate|held broken packages"
)
#: apt's own keyring for Debian; absent on hosts that keep keys elsewhere, where apt's trusted parts serve.
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True, slots=True)
class Archive:
    """One package file that apt would download. `size`: bytes; `path`: where it is after the download."""

    name: str
    version: str
    size: int
    path: Path


class PrivateApt:
    """apt-get with its own state below `work`. Not safe for two processes in one `work` folder."""

    def __init__(self, work: Path, suite: str | None) -> None:
        """Prepare `work`; `suite` None keeps the host's sources. Raises AptMissing."""
        missing = [p for p in ("apt-get", "apt-config", "dpkg-deb", "tar") if shutil.which(p) is None]
        if missing:
            raise AptMissing(
                f"not found on this machine: {', '.join(missing)}. Packages are fetched with apt (Debian, Ubuntu). "
                "Elsewhere, install the program itself by hand and name its path in the configuration."
            )
        self._suite = suite
        self._config = work / "apt.conf"
        self._sources = work / "sources.list"
        self._archives = work / "cache" / "archives"
        for folder in (work / "lists" / "partial", self._archives / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        (work / "status").touch()
        self._configure(work)

    def _configure(self, work: Path) -> None:
        host = _run(["apt-config", "dump"], dict(os.environ)).stdout
        kept = [line for line in host.splitlines() if not _LEFT_OUT.match(line)]
        own = {
            "Dir::State": work,
            "Dir::State::lists": work / "lists",
            "Dir::State::status": work / "status",
            "Dir::Cache": work / "cache",
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::Log": work,
            "Debug::NoLocking": "1",  # the lists are ours; the lock of `unpack` guards them
            "APT::Sandbox::User": "",  # the folder may be unreadable for the user `_apt`
            "APT::Install-Recommends": "0",
            "APT::Install-Suggests": "0",
            "APT::Keep-Downloaded-Packages": "true",
            "Binary::apt-get::APT::Keep-Downloaded-Packages": "true",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Acquire::http::Timeout": "20",
            "Acquire::https::Timeout": "20",
        }
        if self._suite is not None:
            own |= {"Dir::Etc::sourcelist": self._sources, "Dir::Etc::sourceparts": "/dev/null"}
        kept += [f'{key} "{value}";' for key, value in own.items()]
        self._config.write_text("\n".join(kept) + "\n", encoding="utf-8")
        self._config.chmod(0o600)  # a proxy's password may be in it

    def mirrors(self) -> tuple[str, ...]:
        """Base addresses of the host's package mirrors, best first, as apt itself would ask them.

        From `apt-get indextargets` (knows each mirror's origin, but only after a first `apt-get update`), else from
        the list of what an update would download (works on a fresh machine).
        """
        environment = dict(os.environ)
        told = _run(
            ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"],
            environment,
        ).stdout
        found = [line.split(" ", 1)[1] for line in told.splitlines() if line.startswith("Debian ")]
        if not found:
            told = _run(["apt-get", "-o", "Debug::NoLocking=1", "--print-uris", "update"], environment).stdout
            found = re.findall(r"^'(\S+?)dists/[^']+/InRelease'", told, re.MULTILINE)
        return tuple(dict.fromkeys(uri for uri in found if "security" not in uri))

    def update(self) -> None:
        """Fetch the package lists (about 10 MB for one suite). Raises MirrorUnreachable, ProvisionError."""
        if self._suite is None:
            self._apt("update")
            return
        mirrors = self.mirrors()
        if not mirrors:
            raise ProvisionError(
                "apt knows no Debian mirror on this machine (`apt-get indextargets` is empty). "
                "Add one to /etc/apt/sources.list.d, or install the program by hand."
            )
        signed = f"[signed-by={_KEYRING}] " if _KEYRING.exists() else ""
        failures: list[ProvisionError] = []
        for mirror in mirrors:
            self._sources.write_text(f"deb {signed}{mirror} {self._suite} main\n", encoding="utf-8")
            try:
                self._apt("update", "-o", "APT::Update::Error-Mode=any")
            except ProvisionError as error:
                failures.append(error)
            else:
                return
        raise failures[0]

    def resolve(self, packages: Sequence[str]) -> tuple[Archive, ...]:
        """What the packages need, themselves included. Raises PackageNotFound, MirrorUnreachable."""
        told = self._apt("--print-uris", "-y", "install", "--", *packages)
        found = []
        for line in told.splitlines():
            match = _URI.match(line)
            if match:
                name, version, _ = match["name"].split("_", 2)
                found.append(Archive(name, unquote(version), int(match["size"]), self._path(match)))
        return tuple(found)

    def _path(self, match: re.Match[str]) -> Path:
        """A mirror on this machine's own disk is read in place, everything else lands in the cache."""
        local = match["uri"].removeprefix("file:")
        return Path(unquote(local)) if local != match["uri"] else self._archives / match["name"]

    def download(self, packages: Sequence[str]) -> None:
        """Put the package files of `resolve` where `resolve` says; apt checks size, hash and signature."""
        self._apt("-y", "--download-only", "install", "--", *packages)

    def _apt(self, *arguments: str) -> str:
        environment = {
            **os.environ,
            "APT_CONFIG": str(self._config),
            "LC_ALL": "C",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        done = _run(["apt-get", "-q", *arguments], environment)
        if done.returncode == 0:
            return done.stdout
        # what depends on what is missing is told on standard output
        said = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())[-1500:]
        if _NOT_THERE.search(said):
            raise PackageNotFound(
                f"{' '.join(arguments[-3:])}: not in suite {self._suite or 'of this machine'}.\napt said: {said}"
            )
        if _NETWORK.search(said):
            raise MirrorUnreachable(
                "the package mirror does not answer. Check the network and the proxy of apt (`apt-get update` must "
                f"work), then call again.\napt said: {said}"
            )
        raise ProvisionError(f"apt-get {arguments[0]} failed (exit {done.returncode}).\napt said: {said}")


def _run(command: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        errors="replace",
    )
