"""A whole system for the telephony tests: one for the session, and fresh ones for those that break it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from ivr.asterisk.find import AsteriskInstall
from tests.asterisk_instance import asterisk_install
from tests.telephony.system import System, running

__all__ = ["asterisk_install"]

SystemFactory = Callable[..., System]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is telephony, and takes real time."""
    for item in items:
        if "telephony" in item.path.parts:
            item.add_marker(pytest.mark.telephony)
            item.add_marker(pytest.mark.timeout(180))


def _folder() -> Path:
    """A folder that Asterisk's user may enter (pytest's own are closed to others), its path short enough."""
    folder = Path(tempfile.mkdtemp(prefix="m110t-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def system(asterisk_install: AsteriskInstall) -> Iterator[System]:
    """One running system for all tests that leave it as they found it."""
    folder = _folder()
    with running(folder, asterisk_install) as serving:
        yield serving
    shutil.rmtree(folder)


@pytest.fixture
def start_system(asterisk_install: AsteriskInstall) -> Iterator[SystemFactory]:
    """Call it with sections of config.yaml to change; gives a system of the test's own, stopped afterwards."""
    folders: list[Path] = []
    with ExitStack() as stack:

        def start(**changes: dict[str, Any]) -> System:
            folders.append(_folder())
            serving: AbstractContextManager[System] = running(folders[-1], asterisk_install, **changes)
            return stack.enter_context(serving)

        yield start
    for folder in folders:
        shutil.rmtree(folder)
