"""`python -m ivr` as its own process, as people and other programs run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ivr.config import ENVIRONMENT_PREFIX, ROOT

LIMIT_S = 60.0


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours without settings that would outrank the test's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    return {**kept, "COLUMNS": "200", **(more or {})}


def command(*arguments: str, config: Path | None = None) -> list[str]:
    """The command line."""
    chosen = ("--config", str(config)) if config else ()
    return [sys.executable, "-m", "ivr", *chosen, *arguments]


def ivr(
    *arguments: str, config: Path | None = None, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        command(*arguments, config=config),
        cwd=ROOT,
        env=environment(more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def one_line_error(done: subprocess.CompletedProcess[str]) -> str:
    """What the command says was wrong: exit status 1, no stack, nothing on standard output."""
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, done.stderr
    return done.stderr[done.stderr.index("Error: ") :]
