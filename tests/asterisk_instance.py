"""A real Asterisk for tests: installed once below var/, then as many instances side by side as a test wants.

In a conftest: `from tests.asterisk_instance import asterisk_factory, asterisk_install, reachable_tmp`. In a test:

    instance = asterisk_factory(police=(phone.member("p101"),))
    instance.rx("core show channels count")

Every instance has ports, folders and a configuration of its own, runs as an unprivileged user, logs every step of
every call (`instance.messages()`), and is gone when the test is over.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ivr.asterisk.find import AsteriskInstall
from ivr.asterisk.install import ensure
from ivr.asterisk.layout import Account, Layout
from ivr.asterisk.render import Rendered, render
from ivr.asterisk.run import Asterisk
from ivr.asterisk.settings import AsteriskSettings

ROOT = Path(__file__).resolve().parent.parent
AsteriskFactory = Callable[..., "AsteriskInstance"]


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Ports that nobody listens on just now, each different."""
    with ExitStack() as stack:
        ports = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
            probe.bind(("127.0.0.1", 0))
            ports.append(int(probe.getsockname()[1]))
        return ports


def free_port_run(length: int) -> int:
    """The first, even, of `length` UDP ports in a row that are free just now."""
    # below 32768, where the system takes its own free ports from: nobody else gets one of ours meanwhile
    for begin in range(10000 + os.getpid() % 200 * 100, 32000 - length, length):
        first = begin + begin % 2
        try:
            with ExitStack() as stack:
                for port in range(first, first + length):
                    stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(
                        ("127.0.0.1", port)
                    )
        except OSError:
            continue
        return first
    raise OSError(f"no {length} free UDP ports in a row")


@dataclass(frozen=True)
class AsteriskInstance:
    """A running Asterisk and what it was made from."""

    settings: AsteriskSettings
    install: AsteriskInstall
    account: Account
    rendered: Rendered
    asterisk: Asterisk

    @property
    def layout(self) -> Layout:
        return self.rendered.layout

    @property
    def sip_address(self) -> tuple[str, int]:
        """Where callers and phones send their SIP."""
        return "127.0.0.1", self.settings.sip_port

    def rx(self, command: str) -> str:
        """What the console answers."""
        return self.asterisk.rx(command, limit_s=20)

    def messages(self) -> str:
        """The log so far, every dialplan step included."""
        path = self.layout.log / "messages.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def wait_for_message(self, text: str, limit_s: float = 10.0) -> str:
        """The first line of the log that holds `text`, as soon as it is there."""
        deadline = time.monotonic() + limit_s
        while True:
            line = next((line for line in self.messages().splitlines() if text in line), None)
            if line is not None:
                return line
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} never came; the log ends:\n{self.messages()[-4000:]}")
            time.sleep(0.02)

    def render_again(self, **changes: Any) -> AsteriskInstance:
        """The same instance with other settings, rendered; nothing reloaded yet."""
        settings = AsteriskSettings.model_validate({**_plain(self.settings), **changes})
        rendered = render(settings, self.install, self.account, trace=True)
        return AsteriskInstance(settings, self.install, self.account, rendered, self.asterisk)


def _plain(settings: AsteriskSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in type(settings).model_fields}


@pytest.fixture(scope="session")
def asterisk_install() -> AsteriskInstall:
    """The Asterisk that all instances run: the machine's own, else one installed below var/ (once)."""
    return ensure(AsteriskSettings(data=ROOT / "var" / "asterisk"), progress=print)


@pytest.fixture
def reachable_tmp() -> Iterator[Path]:
    """A folder that Asterisk's user may enter (pytest's own are closed to others) with a path short enough."""
    folder = Path(tempfile.mkdtemp(prefix="m110-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def asterisk_factory(asterisk_install: AsteriskInstall, reachable_tmp: Path) -> Iterator[AsteriskFactory]:
    """Call it with AsteriskSettings' fields (ports are chosen) to get a booted instance; stopped after the test.

    `prompts`: as in `render`. `start=False`: only render.
    """
    started: list[Asterisk] = []

    def make(*, prompts: Path | None = None, start: bool = True, **fields: Any) -> AsteriskInstance:
        sip, ami, fastagi, audiosocket = free_ports(4)
        rtp = free_port_run(40)
        chosen = {
            "data": reachable_tmp / f"a{len(started)}",
            "dialplans": ROOT / "dialplans",
            "sip_port": sip,
            "ami_port": ami,
            "fastagi_port": fastagi,
            "audiosocket_port": audiosocket,
            "rtp_start": rtp,
            "rtp_end": rtp + 39,
        }
        settings = AsteriskSettings.model_validate({**chosen, **fields})
        account = Account.choose(settings.user)
        rendered = render(settings, asterisk_install, account, prompts=prompts, trace=True)
        asterisk = Asterisk(asterisk_install, settings, account)
        started.append(asterisk)
        if start:
            asterisk.start()
        return AsteriskInstance(settings, asterisk_install, account, rendered, asterisk)

    yield make
    for asterisk in started:
        asterisk.stop()
