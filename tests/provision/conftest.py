"""A mirror on this disk in the place of the host's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provision.repository import Repository


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The only mirror that apt knows during the test."""
    made = Repository.create(tmp_path / "mirror")
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made
