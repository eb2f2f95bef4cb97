"""`python -m provision`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from provision.__main__ import main
from tests.provision.repository import SUITE, Repository


def test_it_prints_versions_and_the_folder(mirror: Repository, tmp_path: Path) -> None:
    mirror.add("tool", {"usr/bin/tool": "tool"})
    done = CliRunner().invoke(main, ["tool", "--into", str(tmp_path / "into"), "--suite", SUITE])
    assert done.exit_code == 0
    assert done.stdout == f"tool 1.0-1\t{tmp_path / 'into'}\n"
    assert "downloading 1 packages" in done.stderr


def test_a_failure_says_what_to_do(mirror: Repository, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["no-such", "--into", str(tmp_path / "into"), "--suite", SUITE])
    assert done.exit_code == 1
    assert "no-such" in done.stderr
    assert "Traceback" not in done.stderr
