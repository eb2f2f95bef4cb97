"""`scripts/install` without a network: it is idempotent, says what is missing, and never leaves a half-made mark."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ivr.config import ROOT

PIP = '#!/bin/sh\necho "$@" >> "$(dirname "$0")/calls"\nexit {status}\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with one set of requirements."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "install", tmp_path / "scripts" / "install")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text("", encoding="utf-8")
    return tmp_path


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def install(project: Path, *options: str, python: str = "python3") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [project / "scripts" / "install", *options, "run", str(project / "venv")],
        env={**os.environ, "PYTHON": python},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def calls(project: Path) -> list[str]:
    return (project / "venv" / "bin" / "calls").read_text(encoding="utf-8").splitlines()


def test_packages_are_installed_once_and_again_when_the_list_changes(project: Path) -> None:
    program(project / "venv" / "bin" / "pip", PIP.format(status=0))
    for _ in range(2):
        assert install(project).returncode == 0
    assert len(calls(project)) == 1
    assert "--require-hashes" in calls(project)[0]
    os.utime(project / "venv" / ".run", (1, 1))
    assert install(project).returncode == 0
    assert len(calls(project)) == 2


def test_what_could_not_be_installed_is_tried_again(project: Path) -> None:
    program(project / "venv" / "bin" / "pip", PIP.format(status=1))
    assert install(project).returncode == 1
    assert not (project / "venv" / ".run").exists()
    done = install(project, "--if-possible")
    assert done.returncode == 0
    assert "is skipped" in done.stderr
    assert not (project / "venv" / ".run").exists()
    assert len(calls(project)) == 2


def test_a_python_that_is_too_old_or_not_there_is_named(project: Path) -> None:
    for python in (str(program(project / "old", "#!/bin/sh\nexit 1\n")), "no-such-python"):
        done = install(project, python=python)
        assert done.returncode == 1
        assert "3.11 or newer" in done.stderr
        assert python in done.stderr
    assert not (project / "venv").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="as root the missing package would be installed")
def test_a_python_without_venv_says_what_to_install(project: Path) -> None:
    python = program(project / "bare", '#!/bin/sh\n[ "$1" = -c ]\n')
    done = install(project, python=str(python))
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (project / "venv").exists()


def test_every_set_of_requirements_is_pinned_with_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        packages = [line for line in text.splitlines() if line[:1].isalnum()]
        assert packages
        assert all("==" in package for package in packages), path
        assert text.count("--hash=sha256:") >= len(packages), path
