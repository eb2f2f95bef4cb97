"""A package mirror on this disk: real packages, real indexes, the real apt, no network and no root."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

SUITE = "testing-suite"


@dataclass(frozen=True)
class Repository:
    """A mirror with one suite; `environment` makes apt believe that it is the host's only one."""

    root: Path
    architecture: str

    @classmethod
    def create(cls, root: Path) -> Repository:
        architecture = subprocess.run(
            ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
        )
        made = cls(root, architecture.stdout.strip())
        (root / "pool").mkdir(parents=True)
        (root / "host").mkdir()
        (root / "host" / "sources.list").write_text(f"deb [trusted=yes] file:{root}/ {SUITE} main\n")
        hook = f"touch {root}/hook-ran"
        (root / "host" / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "{root}/host/sources.list";\nDir::Etc::sourceparts "/dev/null";\n'
            'Dir::Etc::parts "/dev/null";\nAcquire::AllowInsecureRepositories "true";\n'
            'APT::Get::AllowUnauthenticated "true";\nAcquire::Check-Valid-Until "false";\n'
            f'APT::Update::Pre-Invoke {{ "{hook}"; }};\nAPT::Update::Post-Invoke {{ "{hook}"; }};\n'
            f'DPkg::Pre-Install-Pkgs {{ "{hook}"; }};\n'
        )
        made.index()
        return made

    @property
    def environment(self) -> dict[str, str]:
        return {"APT_CONFIG": str(self.root / "host" / "apt.conf")}

    def add(self, name: str, files: dict[str, str], *, version: str = "1.0-1", depends: str = "") -> None:
        """Build a package and put it into the index."""
        tree = self.root / "build" / name
        control = [f"Package: {name}", f"Version: {version}", f"Architecture: {self.architecture}"]
        control += ["Maintainer: T <t@example.com>", "Description: test"]
        if depends:
            control.append(f"Depends: {depends}")
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN" / "control").write_text("\n".join(control) + "\n")
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
            (tree / path).chmod(0o4755 if path.endswith("suid") else 0o644)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-b", tree, self.root / "pool"],
            check=True,
            capture_output=True,
        )
        self.index()

    def index(self) -> None:
        """Write Packages and Release anew."""
        entries = []
        for package in sorted((self.root / "pool").glob("*.deb")):
            control = subprocess.run(
                ["dpkg-deb", "-f", package], capture_output=True, text=True, check=True
            ).stdout
            data = package.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            entries.append(f"{control}Filename: pool/{package.name}\nSize: {len(data)}\nSHA256: {digest}\n")
        folder = self.root / "dists" / SUITE
        packages = folder / "main" / f"binary-{self.architecture}" / "Packages.gz"
        packages.parent.mkdir(parents=True, exist_ok=True)
        plain = packages.with_suffix("")
        plain.write_text("\n".join(entries))
        packages.write_bytes(gzip.compress(plain.read_bytes()))
        sums = "".join(
            f" {hashlib.sha256(p.read_bytes()).hexdigest()} {p.stat().st_size} {p.relative_to(folder)}\n"
            for p in (plain, packages)
        )
        (folder / "Release").write_text(
            f"Origin: Test\nSuite: {SUITE}\nCodename: {SUITE}\nArchitectures: {self.architecture}\nComponents: main\n"
            f"Date: Sat, 01 Aug 2026 00:00:00 UTC\nSHA256:\n{sums}"
        )
