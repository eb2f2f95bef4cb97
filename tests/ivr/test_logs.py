"""What lands on standard error: JSON lines in a pipe, readable on a terminal, and never what a variable held."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ivr.config import ROOT

PROGRAM = [sys.executable, str(Path(__file__).with_name("logging_program.py"))]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm"}
SPOKEN = "350781199001010000"


def in_a_pipe(level: str) -> str:
    done = subprocess.run([*PROGRAM, level], env=ENVIRONMENT, capture_output=True, check=True, timeout=60)
    assert done.stdout == b""
    return done.stderr.decode()


def on_a_terminal(level: str) -> str:
    ours, theirs = pty.openpty()
    with subprocess.Popen([*PROGRAM, level], env=ENVIRONMENT, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # Linux says EIO when the last writer is gone
                break
            if not data:
                break
            shown += data
        assert process.wait(60) == 0
    os.close(ours)
    return shown.decode()


@pytest.fixture(scope="module")
def debug_lines() -> str:
    return in_a_pipe("debug")


@pytest.fixture(scope="module")
def events(debug_lines: str) -> dict[str, dict[str, Any]]:
    return {entry["event"]: entry for entry in map(json.loads, debug_lines.splitlines())}


def test_every_line_is_a_json_object_of_one_event(debug_lines: str) -> None:
    for line in debug_lines.splitlines():
        entry = json.loads(line)
        assert {"event", "level", "timestamp"} <= set(entry)
        assert datetime.fromisoformat(entry["timestamp"]).utcoffset() is not None


def test_one_grep_for_the_call_finds_its_story(debug_lines: str) -> None:
    found = [json.loads(line)["event"] for line in debug_lines.splitlines() if "c-1" in line]
    assert found == ["call.detail", "call.decided", "call.fault"]


def test_chinese_can_be_read_and_control_characters_steer_nothing(debug_lines: str) -> None:
    assert "供水" in debug_lines
    assert "\x1b" not in debug_lines


def test_a_traceback_tells_where_and_no_local_variable(events: dict[str, dict[str, Any]]) -> None:
    fault = events["call.fault"]
    assert "ValueError: nothing of" in fault["exception"]
    assert "logging_program.py" in fault["exception"]
    assert SPOKEN not in fault["exception"].replace(f'fail("{SPOKEN}")', "")


def test_libraries_and_lost_tasks_log_the_same_way(events: dict[str, dict[str, Any]]) -> None:
    words = events["its words"]
    assert (words["level"], words["logger"]) == ("warning", "some.library")
    assert "its chatter" not in events
    lost = next(entry for entry in events.values() if entry.get("logger") == "asyncio")
    assert "nobody awaits me" in lost["exception"]


def test_the_level_is_kept() -> None:
    names = [json.loads(line)["event"] for line in in_a_pipe("error").splitlines()]
    assert names[:2] == ["call.fault", "call.after"]
    assert "its words" not in names


def test_a_terminal_shows_no_local_variables_either() -> None:
    shown = on_a_terminal("info")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "call.decided" in plain
    assert "供水" in plain
    assert "ValueError: nothing of" in plain
    assert SPOKEN not in plain.replace(f'fail("{SPOKEN}")', "")
    assert "身份证号 3" not in plain
    assert "\x1b[2J" not in shown
