"""`serve --no-asterisk`: it serves, it stops when told, it says what is wrong. (With Asterisk: tests/telephony.)"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import yaml

from ivr.config import ROOT
from tests.asterisk_instance import free_ports
from tests.ivr.commands.program import LIMIT_S, command, environment, ivr, one_line_error


@pytest.fixture
def ports() -> tuple[int, int]:
    fastagi, audiosocket = free_ports(2)
    return fastagi, audiosocket


@pytest.fixture
def config(tmp_path: Path, ports: tuple[int, int]) -> Path:
    path = tmp_path / "config.yaml"
    values = {
        "data_dir": "var",
        "speech": {"model": "none-is-needed-here"},
        "triage": {"lexicon": str(ROOT / "triage" / "lexicon")},
        "asterisk": {
            "fastagi_port": ports[0],
            "audiosocket_port": ports[1],
            "ami_port": free_ports(1)[0],
            "dialplans": str(ROOT / "dialplans"),
        },
    }
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


@contextmanager
def serving(config: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command("serve", "--no-asterisk", config=config),
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def refused(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(
    config: Path, ports: tuple[int, int], number: signal.Signals
) -> None:
    with serving(config) as process:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if "已就绪" in line)
        assert f"FastAGI 127.0.0.1:{ports[0]}" in ready
        assert not any(map(refused, ports))
        os.kill(process.pid, number)
        rest, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, errors
    assert "正在停止" in rest
    assert all(map(refused, ports))
    assert "Traceback" not in errors
    assert '"node.orphaned"' not in errors
    assert (config.parent / "var").is_dir()


def test_it_can_be_stopped_while_it_starts(config: Path, ports: tuple[int, int]) -> None:
    with serving(config) as process:
        assert process.stdout is not None
        assert "启动服务" in process.stdout.readline()
        process.terminate()
        rest, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, errors
    assert "已就绪" not in rest
    assert all(map(refused, ports))


def test_a_port_that_is_taken(config: Path, ports: tuple[int, int]) -> None:
    with closing(socket.create_server(("127.0.0.1", ports[1]))):
        error = one_line_error(ivr("serve", "--no-asterisk", config=config))
    assert f"port {ports[1]}" in error


def test_the_files_for_an_asterisk_elsewhere(config: Path, tmp_path: Path) -> None:
    done = ivr("serve", "--render", str(tmp_path / "out"), config=config)
    assert done.returncode == 2
    assert "--no-asterisk" in done.stderr
    folder = tmp_path / "rendered"
    with subprocess.Popen(
        command("serve", "--no-asterisk", "--render", str(folder), config=config),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert str(folder) in process.stdout.readline()
        finally:
            process.terminate()
            process.communicate(timeout=LIMIT_S)
    assert (folder / "INSTALL.md").is_file()
    secret = (tmp_path / "var" / "asterisk" / "ami.secret").read_text(encoding="ascii").strip()
    assert f"secret = {secret}\n" in (folder / "etc" / "manager.conf").read_text(encoding="utf-8")
    assert not (folder / "ami.secret").exists()
    assert {"extensions.conf", "pjsip.conf", "queues.conf", "dialplans"} <= {
        p.name for p in (folder / "etc").iterdir()
    }
