"""`call` where it cannot succeed: each failure is one line that says what to do. (Calls that succeed: test_placing.)"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from ivr.commands.call import _told
from ivr.config import ROOT
from ivr.story import Story
from tests.asterisk_instance import free_ports
from tests.ivr.commands.program import ivr, one_line_error

VOICE = str(ROOT / "ivr" / "demo" / "voices" / "burst_pipe.wav")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(
        yaml.safe_dump({"data_dir": "var", "asterisk": {"sip_port": free_ports(1)[0]}}), encoding="utf-8"
    )
    return path


def test_nobody_listens(config: Path) -> None:
    port = yaml.safe_load(config.read_text(encoding="utf-8"))["asterisk"]["sip_port"]
    error = one_line_error(ivr("call", VOICE, "--json", config=config))
    assert f"127.0.0.1:{port}" in error
    assert "python -m ivr serve" in error


def test_a_file_without_a_voice(config: Path, tmp_path: Path) -> None:
    silent = tmp_path / "voice.wav"
    silent.write_bytes(b"RIFF")
    assert "voice.wav" in one_line_error(ivr("call", str(silent), config=config))


def test_looking_on_makes_no_database(config: Path) -> None:
    """It would belong to whoever looks, and the system could not write into it."""
    one_line_error(ivr("call", VOICE, config=config))
    assert not (config.parent / "var").exists()


def test_an_address_of_a_database_that_is_none(config: Path) -> None:
    url = {"MINSHENG110_RECORDS__URL": "postgresql+psycopg://ops:secret@host:port/calls"}
    error = one_line_error(ivr("call", VOICE, config=config, more=url))
    assert "database URL" in error
    assert "secret" not in error


def test_a_location_that_is_far_too_big(config: Path, tmp_path: Path) -> None:
    document = tmp_path / "location.xml"
    document.write_bytes(b"x" * ((1 << 20) + 1))
    done = ivr("call", VOICE, "--pidf-lo", str(document), config=config)
    assert done.returncode == 2
    assert "--pidf-lo" in done.stderr


def test_a_place_that_only_its_own_recogniser_heard_is_shown_as_such() -> None:
    facts: list[dict[str, Any]] = [
        {"kind": "time", "value": "昨天"},
        {"kind": "place", "value": "和平镇", "by": "place_recogniser", "confidence": 0.968},
    ]
    console = Console(width=100)
    with console.capture() as shown:
        console.print(_told(Story("c-1", facts=facts)))
    assert "时间 昨天、地点 和平镇（地名识别 0.97）" in shown.get()
