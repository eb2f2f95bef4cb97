"""The whole running system for a test: `python -m ivr serve` as its own process, phones that answer, callers.

Nothing in it is pretended: a real Asterisk, the real node with the bundled speech model, real SIP and RTP on loopback.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from asr.g711 import alaw_encode
from ivr.asterisk.find import AsteriskInstall
from ivr.config import ENVIRONMENT_PREFIX
from ivr.softphone.agent import Agent
from ivr.softphone.caller import Caller
from ivr.softphone.ticker import Ticker
from ivr.story import Story, tell
from models.recipe.voice import speak
from records.errors import StoreUnavailable
from records.events import EventKind, FeedEvent
from records.store import Store
from tests.asterisk_instance import ROOT, free_port_run, free_ports

READY_WITHIN_S = 90.0
"""The machine may be very busy; an idle one needs three seconds."""
RTP_PORTS = 400
TONES = {"p101": 1000.0, "m201": 1500.0}
"""Hertz that each phone says on answering, so that a caller can tell whom it reached."""


@functools.cache
def voice(text: str, who: str = "f5", *, rate: int = 175) -> bytes:
    """A sentence spoken by a voice that the model never heard, as A-law. Make it before dialling: it takes a while."""
    return alaw_encode(speak(text, who, rate=rate))


@dataclass
class System:
    """A running system. Times in seconds."""

    folder: Path
    config: dict[str, Any]
    config_file: Path
    process: subprocess.Popen[bytes]
    log_file: Path
    output: list[str] = field(default_factory=list)

    @property
    def sip_address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.config["asterisk"]["sip_port"])

    @property
    def database_url(self) -> str:
        return str(self.config["records"]["url"])

    def log(self) -> str:
        """What the server has logged so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def node_pid(self) -> int:
        """The node's process id, from the process table."""
        children = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "ivr .*node"],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(children.stdout.split()[0])

    def kill_node(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Signal the node; its process id."""
        pid = self.node_pid()
        os.kill(pid, number)
        return pid

    def wait_for_log(self, text: str, *, since: int = 0, limit_s: float = 30.0) -> str:
        """Wait until the server's log holds `text` behind position `since`; return the line."""
        deadline = time.monotonic() + limit_s
        while True:
            for line in self.log()[since:].splitlines():
                if text in line:
                    return line
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} never came into the log:\n{self.log()[-5000:]}")
            time.sleep(0.05)

    def asterisk(self, command: str) -> str:
        """What Asterisk's console answers."""
        binary = next((self.folder / "var" / "asterisk").glob("launcher/*/asterisk"), None) or Path(
            self.config["asterisk"]["binary"]
        )
        main_file = self.folder / "var" / "asterisk" / "etc" / "asterisk.conf"
        done = subprocess.run(
            [binary, "-C", main_file, "-rx", command], capture_output=True, text=True, check=True, timeout=20
        )
        return done.stdout

    def end_asterisk(self) -> None:
        """Stop an Asterisk that has been left alone."""
        with suppress(subprocess.CalledProcessError):
            self.asterisk("core stop now")

    def channels(self) -> int:
        """Channels that Asterisk has now."""
        return int(self.asterisk("core show channels count").split()[0])

    # -- the record ----------------------------------------------------------------------------------------

    def events(self) -> list[FeedEvent]:
        """The whole feed; empty while the database is away or has not been made yet."""
        events: list[FeedEvent] = []
        store = Store(self.database_url)
        with closing(store):
            try:
                while page := store.feed(events[-1].seq if events else 0):
                    events += page
            except StoreUnavailable as error:
                self.output.append(f"no records yet: {error}")
        return events

    async def story(self, caller: Caller, until: Callable[[Story], bool], limit_s: float = 20.0) -> Story:
        """The story of this caller's call, as soon as it is as wanted. Raises AssertionError when it never is."""
        return await self._story(lambda e: e.data.get("sip_call_id") == caller.call_id, until, limit_s)

    async def story_of_number(
        self, number: str, until: Callable[[Story], bool], limit_s: float = 20.0
    ) -> Story:
        """The same for calls that became known otherwise (the node was down when they came)."""
        return await self._story(lambda e: e.data.get("caller") == number, until, limit_s)

    async def _story(
        self, ours: Callable[[FeedEvent], bool], until: Callable[[Story], bool], limit_s: float
    ) -> Story:
        deadline = asyncio.get_running_loop().time() + limit_s
        while True:
            events = await asyncio.to_thread(self.events)
            calls = [e.call_id for e in events if e.kind == EventKind.STARTED and ours(e)]
            assert len(set(calls)) == len(calls), "a call was recorded twice"
            story = tell(calls[0], events) if calls else None
            if story is not None and until(story):
                return story
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"the record never came so far: {story}\n{self.log()[-4000:]}")
            await asyncio.sleep(0.1)


def make_config(folder: Path, install: AsteriskInstall, **changes: dict[str, Any]) -> dict[str, Any]:
    """A configuration on free ports, with phones p101 and m201 at fixed addresses."""
    sip, ami, fastagi, audiosocket, metrics = free_ports(5)
    rtp = free_port_run(RTP_PORTS + 2)
    p101, m201 = rtp + RTP_PORTS, rtp + RTP_PORTS + 1
    config: dict[str, Any] = {
        "data_dir": str(folder / "var"),
        "log_level": "debug",
        "records": {"url": f"sqlite:///{folder}/records.sqlite3"},
        "asterisk": {
            "binary": str(install.binary),
            "dialplans": str(ROOT / "dialplans"),
            "sip_port": sip,
            "ami_port": ami,
            "fastagi_port": fastagi,
            "audiosocket_port": audiosocket,
            "rtp_start": rtp,
            "rtp_end": rtp + RTP_PORTS - 1,
            "police": [{"name": "p101", "uri": f"sip:p101@127.0.0.1:{p101}"}],
            "minsheng": [{"name": "m201", "uri": f"sip:m201@127.0.0.1:{m201}"}],
        },
        "speech": {"model": os.environ.get("MINSHENG110_TEST_MODEL", "")},
        "metrics": {"port": metrics},
        "triage": {"lexicon": str(ROOT / "triage" / "lexicon")},
    }
    for section, values in changes.items():
        config[section] = {**config[section], **values} if section in config else values
    return config


@contextmanager
def running(folder: Path, install: AsteriskInstall, **changes: dict[str, Any]) -> Iterator[System]:
    """Start `python -m ivr serve` and wait until it says that it is ready; stop it at the end."""
    config = make_config(folder, install, **changes)
    config_file = folder / "config.yaml"
    config_file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    with started(folder, config, config_file) as system:
        try:
            yield system
        finally:
            if system.process.poll() is not None:  # killed by its test: its Asterisk outlives it on purpose
                system.end_asterisk()


@contextmanager
def started(folder: Path, config: dict[str, Any], config_file: Path) -> Iterator[System]:
    """The same with a configuration that is there already (a second start of the same system)."""
    log_file = folder / "serve.log"
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ivr", "--config", str(config_file), "serve"],
            cwd=ROOT,
            env={
                name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    system = System(folder, config, config_file, process, log_file)
    ready = threading.Event()
    reader = threading.Thread(target=_read_output, args=(system, ready), daemon=True)
    reader.start()
    try:
        if not ready.wait(READY_WITHIN_S) or not any("已就绪" in line for line in system.output):
            raise AssertionError(f"the system did not become ready: {system.output}\n{system.log()[-5000:]}")
        yield system
    finally:
        if process.poll() is None:
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()
        reader.join()


def _read_output(system: System, ready: threading.Event) -> None:
    assert system.process.stdout is not None
    with system.process.stdout as output:
        for line in output:
            text = line.decode("utf-8", "replace").rstrip()
            system.output.append(text)
            if "已就绪" in text:
                ready.set()
    ready.set()  # it ended: nobody need wait any longer


@dataclass
class Phones:
    """The dispatcher's and the agent's phones."""

    police: Agent
    minsheng: Agent
    ticker: Ticker

    def caller(self, system: System, **fields: Any) -> Caller:
        """A new caller of this system."""
        return Caller(system.sip_address, ticker=self.ticker, **fields)


@asynccontextmanager
async def phones(system: System, **fields: Any) -> AsyncIterator[Phones]:
    """Both phones, answering at once with a tone each (or as `fields` of Agent say)."""
    ticker = Ticker()
    async with AsyncExitStack() as stack:
        agents = []
        asterisk = system.config["asterisk"]
        for member in (asterisk["police"][0], asterisk["minsheng"][0]):
            port = int(member["uri"].rpartition(":")[2])
            settings = {"voice": tone(TONES[member["name"]]), "ticker": ticker, **fields}
            agents.append(await stack.enter_async_context(Agent(member["name"], port=port, **settings)))
        yield Phones(agents[0], agents[1], ticker)


async def press_when_greeted(caller: Caller, digit: str) -> None:
    """Press a key as callers do: when somebody speaks to them. Before that nobody listens for keys."""
    await caller.heard.until(lambda: caller.heard.rms() > 100, 20)
    await caller.press(digit)


def tone(hertz: float, seconds: float = 2.0) -> bytes:
    """A sine as A-law."""
    import numpy as np

    time_s = np.arange(int(8000 * seconds)) / 8000
    return alaw_encode((8000 * np.sin(2 * np.pi * hertz * time_s)).astype(np.int16))
