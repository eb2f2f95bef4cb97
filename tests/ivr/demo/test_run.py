"""The demonstration as everybody runs it: real Asterisk, real voices, every call where it should be."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ivr.asterisk.find import AsteriskInstall
from ivr.demo.calls import CALLS
from tests.asterisk_instance import asterisk_install
from tests.ivr.commands.program import command, environment
from tests.telephony.system import make_config

__all__ = ["asterisk_install"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that Asterisk's user may enter."""
    made = Path(tempfile.mkdtemp(prefix="m110d-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.telephony
@pytest.mark.timeout(240)
def test_every_call_of_the_demonstration_arrives(asterisk_install: AsteriskInstall, folder: Path) -> None:
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(make_config(folder, asterisk_install)), encoding="utf-8")
    done = subprocess.run(
        command("demo", config=config),
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=230,
        check=False,
    )
    assert f"{len(CALLS)}/{len(CALLS)} 通到达该到的地方" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    node_log = (folder / "var" / "log" / "node.log").read_text(encoding="utf-8")
    assert node_log.count('"call.decided"') == len(CALLS)
    assert all(call.number not in node_log for call in CALLS), "a caller's number stands unmasked in the log"
