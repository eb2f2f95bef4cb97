"""`reload` and SIGHUP on a real `serve` with its real node: spoken calls are decided by the new rules, or the old."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.config import ROOT
from models.recipe.voice import speak
from tests.asterisk_instance import free_ports
from tests.ivr.commands.program import LIMIT_S, command, environment, ivr, one_line_error
from tests.ivr.exchange_house import Asterisk, variables

SAID = "你好，我家的水管爆裂了，请派人来修一下"
BURST = """\
# A rule of this test: what was a request for a plumber is a danger from now on.
id: burst_main
label: 爆管
route: police
priority: 1
rules:
  - together: [[我家], [修一下, 来修]]
    within: 20
    weight: 1.0
"""
_numbers = count(1)


@cache
def sound() -> bytes:
    return speak(SAID, voice="m7").astype("<i2").tobytes()


@dataclass(frozen=True)
class Served:
    """A running `serve --no-asterisk` on a copy of the lexicon."""

    process: subprocess.Popen[str]
    config: Path
    lexicon: Path
    fastagi_port: int
    log: Path

    def entries(self, event: str) -> list[dict[str, Any]]:
        """What the node has logged of one kind."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [
            entry for line in lines if line.startswith("{") and (entry := json.loads(line))["event"] == event
        ]

    async def call(self) -> dict[str, str]:
        """A caller says SAID; the variables that the script sets."""
        asterisk = Asterisk(asyncio.get_running_loop(), ("127.0.0.1", self.fastagi_port))
        asterisk.during_audio = lambda line: line.say(sound())
        side = asterisk.call(uniqueid=f"110.{next(_numbers)}")
        await asyncio.to_thread(side.join, LIMIT_S)
        for line in asterisk.lines:
            await line.close()
        side.end()
        return dict(variables(side))

    @contextmanager
    def changed(self, name: str, text: str) -> Iterator[Path]:
        """A file of the lexicon reads so for a while; afterwards the node has the old rules again."""
        file = self.lexicon / name
        before = file.read_text(encoding="utf-8") if file.exists() else None
        file.write_text(text, encoding="utf-8")
        try:
            yield file
        finally:
            if before is None:
                file.unlink()
            else:
                file.write_text(before, encoding="utf-8")
            assert ivr("reload", config=self.config).returncode == 0


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    sound()
    folder = Path(tempfile.mkdtemp(prefix="m110r-"))
    lexicon = shutil.copytree(ROOT / "triage" / "lexicon", folder / "lexicon")
    fastagi, audiosocket, ami = free_ports(3)
    config = folder / "config.yaml"
    values = {
        "data_dir": "var",
        "triage": {"lexicon": str(lexicon)},
        "asterisk": {
            "fastagi_port": fastagi,
            "audiosocket_port": audiosocket,
            "ami_port": ami,
            "dialplans": str(ROOT / "dialplans"),
        },
    }
    config.write_text(yaml.safe_dump(values), encoding="utf-8")
    log = folder / "log"
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            command("serve", "--no-asterisk", config=config),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert any("已就绪" in line for line in process.stdout), log.read_text(encoding="utf-8")
            yield Served(process, config, lexicon, fastagi, log)
            process.terminate()
            assert process.wait(LIMIT_S) == 0, log.read_text(encoding="utf-8")
        finally:
            if process.poll() is None:
                process.kill()
    shutil.rmtree(folder)


async def test_a_call_after_the_reload_is_decided_by_the_new_rule(served: Served) -> None:
    before = await served.call()
    assert (before["TRIAGE_ROUTE"], before["__TRIAGE_CATEGORY"]) == ("minsheng", "water")
    with served.changed("police/burst_main.yaml", BURST):
        not_yet = await served.call()
        assert not_yet["__TRIAGE_CATEGORY"] == "water", "a change on disk alone is none"
        done = await asyncio.to_thread(ivr, "reload", config=served.config)
        assert (done.returncode, done.stderr) == (0, "")
        told = re.fullmatch(r"规则已重新载入：版本 (\w+) → (\w+)\n", done.stdout)
        assert told is not None
        entry = served.entries("triage.reloaded")[-1]
        assert (entry["before"], entry["now"]) == (told[1], told[2])
        after = await served.call()
        assert (after["TRIAGE_ROUTE"], after["__TRIAGE_CATEGORY"]) == ("police", "burst_main")
    same = await asyncio.to_thread(ivr, "reload", config=served.config)
    assert same.stdout == f"规则已重新载入，内容没有变化：版本 {told[1]}\n"
    assert len(served.entries("node.ready")) == 1, "no restart"


async def test_a_broken_lexicon_changes_nothing_and_the_mistake_is_told(served: Served) -> None:
    with served.changed("police/burst_main.yaml", BURST.replace("weight: 1.0", "weight: 7")) as file:
        error = one_line_error(await asyncio.to_thread(ivr, "reload", config=served.config))
        assert "一概未变" in error
        assert f"{file}:9: rules[1].weight" in error
        entry = served.entries("triage.not_reloaded")[-1]
        assert (entry["file"], entry["line"], entry["key"]) == (str(file), 9, "rules[1].weight")
        after = await served.call()
        assert (after["TRIAGE_ROUTE"], after["__TRIAGE_CATEGORY"]) == ("minsheng", "water")
        assert served.process.poll() is None


async def test_sighup_to_the_parent_does_the_same(served: Served) -> None:
    with served.changed("police/burst_main.yaml", BURST):
        so_far = len(served.entries("triage.reloaded"))
        os.kill(served.process.pid, signal.SIGHUP)
        until = time.monotonic() + LIMIT_S
        # an earlier reload, of a file put back, may only now come into the log
        while all(entry["before"] == entry["now"] for entry in served.entries("triage.reloaded")[so_far:]):
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        after = await served.call()
        assert after["__TRIAGE_CATEGORY"] == "burst_main"
    assert len(served.entries("node.ready")) == 1, "no restart"


def test_nothing_runs(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("data_dir: var\n", encoding="utf-8")
    error = one_line_error(ivr("reload", config=config))
    assert "python -m ivr serve" in error
    assert not (tmp_path / "var").exists()


@pytest.fixture
def no_nohup() -> Iterator[None]:
    """What runs under nohup hands the ignored SIGHUP down to its children."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("no_nohup")
def test_on_a_terminal_sighup_means_that_the_terminal_is_gone(tmp_path: Path) -> None:
    """Nothing can be logged any more, so nothing may stay: neither the parent nor a node that holds the ports."""
    fastagi, audiosocket, ami = free_ports(3)
    config = tmp_path / "config.yaml"
    ports = f"fastagi_port: {fastagi}, audiosocket_port: {audiosocket}, ami_port: {ami}"
    config.write_text(
        f"data_dir: var\nspeech: {{model: none}}\ntriage: {{lexicon: {ROOT}/triage/lexicon}}\n"
        f"asterisk: {{{ports}, dialplans: {ROOT}/dialplans}}\n",
        encoding="utf-8",
    )
    ours, theirs = pty.openpty()
    serve = command("serve", "--no-asterisk", config=config)
    with subprocess.Popen(
        serve, cwd=ROOT, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        seen = b""
        while "已就绪".encode() not in seen:
            seen += os.read(ours, 4096)
        node = int(subprocess.check_output(["pgrep", "-P", str(process.pid)]).split()[0])
        node_ended = os.pidfd_open(node)
        os.close(ours)
        os.killpg(process.pid, signal.SIGHUP)
        assert process.wait(LIMIT_S) == -signal.SIGHUP
    try:
        assert select.select([node_ended], [], [], LIMIT_S)[0], "the node outlives its terminal"
    finally:
        os.close(node_ended)
