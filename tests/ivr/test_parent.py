"""The parent with real children: they die, freeze, cannot start, are stopped, and are left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ivr.config import ROOT
from ivr.parent import Listeners, NodeKeeper, node_command

HERE = Path(__file__).parent
LIMIT_S = 20.0
"""For a machine that is busy with other things; a quiet one needs a fraction of a second."""
WATCHDOG_S = 0.6


@dataclass
class Kept:
    """A keeper at work, and what its children wrote down."""

    keeper: NodeKeeper
    listeners: Listeners
    journal: Path
    task: asyncio.Task[None]

    def notes(self, what: str) -> list[tuple[int, float]]:
        """(process id, time) of every note of that kind so far."""
        lines = self.journal.read_text(encoding="utf-8").splitlines() if self.journal.exists() else []
        return [(int(pid), float(at)) for kind, pid, at in (line.split() for line in lines) if kind == what]

    async def until(self, condition: Callable[[], object]) -> None:
        """Look until it is so: another process makes it so."""
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                await asyncio.sleep(0.01)

    async def ready(self) -> int:
        """The process id of the node that serves."""
        await asyncio.wait_for(self.keeper.ready.wait(), LIMIT_S)
        assert self.keeper.pid is not None
        return self.keeper.pid

    async def ready_again(self, old: int) -> int:
        """The process id of the node after `old`."""
        await self.until(lambda: self.keeper.ready.is_set() and self.keeper.pid not in (None, old))
        return await self.ready()

    async def call(self) -> int:
        """Connect to the FastAGI port; the process id of the node that takes the session."""
        reader, writer = await asyncio.open_connection(*self.listeners.fastagi.getsockname())
        try:
            return int(await asyncio.wait_for(reader.readline(), LIMIT_S))
        finally:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def keeping(folder: Path, mode: str = "good", **options: Any) -> AsyncIterator[Kept]:
    journal = folder / "journal"
    with closing(Listeners.bind("127.0.0.1", 0, 0)) as listeners:
        keeper = NodeKeeper(
            lambda down: (sys.executable, str(HERE / "small_node.py"), str(journal), mode, down),
            listeners,
            options.pop("watchdog_s", WATCHDOG_S),
            None,
            **options,
        )
        task = asyncio.create_task(keeper.keep())
        try:
            yield Kept(keeper, listeners, journal, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_the_node_becomes_ready_and_serves_on_the_inherited_port(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        pid = await kept.ready()
        assert await kept.call() == pid
        assert kept.keeper.restarts == 0


async def test_audio_that_waits_for_a_node_that_has_died_is_let_go(tmp_path: Path) -> None:
    """Asterisk would keep sending into it, and its caller hear nothing, until the next node is ready."""
    async with keeping(tmp_path) as kept:
        pid = await kept.ready()
        reader, writer = await asyncio.open_connection(*kept.listeners.audiosocket.getsockname())
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), LIMIT_S) == b""
        writer.close()
        with contextlib.suppress(ConnectionResetError):
            await writer.wait_closed()
        await kept.ready_again(pid)


async def test_a_beating_node_is_left_alone(tmp_path: Path) -> None:
    async with keeping(tmp_path, watchdog_s=0.5) as kept:
        pid = await kept.ready()
        await asyncio.sleep(1.5)
        assert await kept.call() == pid


async def test_a_killed_node_is_replaced_and_the_port_never_refuses(tmp_path: Path) -> None:
    """A session that arrives in between waits in the backlog for the next node."""
    async with keeping(tmp_path, "slow") as kept:
        first = await kept.ready()
        os.kill(first, signal.SIGKILL)
        await kept.until(lambda: gone(first))
        calls = [asyncio.create_task(kept.call()) for _ in range(20)]
        took = set(await asyncio.gather(*calls))
        second = await kept.ready_again(first)
        assert took == {second}
        assert second != first
        assert kept.keeper.restarts == 1


async def test_one_that_served_long_enough_is_replaced_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.parent._STEADY_S", 0.0)
    with capture_logs() as logs:
        async with keeping(tmp_path) as kept:
            first = await kept.ready()
            os.kill(first, signal.SIGKILL)
            await kept.ready_again(first)
    assert [entry["after_s"] for entry in logs if entry["event"] == "node.restarting"] == [0.0]


async def test_ready_is_withdrawn_while_there_is_no_node(tmp_path: Path) -> None:
    async with keeping(tmp_path, "slow") as kept:
        first = await kept.ready()
        os.kill(first, signal.SIGKILL)
        await kept.until(lambda: not kept.keeper.ready.is_set())
        assert kept.keeper.pid is None or gone(first)
        await kept.ready_again(first)


async def test_a_frozen_node_is_killed_and_replaced(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with keeping(tmp_path) as kept:
            first = await kept.ready()
            os.kill(first, signal.SIGSTOP)
            second = await kept.ready_again(first)
            assert gone(first)
            assert await kept.call() == second
    frozen = [entry for entry in logs if entry["event"] == "node.frozen"]
    assert [entry["pid"] for entry in frozen] == [first]
    assert frozen[0]["silent_s"] > WATCHDOG_S


async def test_a_node_that_never_becomes_ready_is_replaced(tmp_path: Path) -> None:
    async with keeping(tmp_path, "mute", start_limit_s=0.5) as kept:
        await kept.until(lambda: len(kept.notes("started")) >= 2)
        assert not kept.keeper.ready.is_set()


async def test_one_that_starts_slowly_is_given_its_time(tmp_path: Path) -> None:
    """Before it is ready the limit of the start counts, not the watchdog's."""
    async with keeping(tmp_path, "slow", watchdog_s=0.1, start_limit_s=LIMIT_S) as kept:
        pid = await kept.ready()
        assert kept.notes("started")[0][0] == pid


@pytest.mark.parametrize("steady_s", [5.0, 0.0])
async def test_one_that_dies_at_its_start_is_tried_ever_more_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steady_s: float
) -> None:
    """However long its start took: a large model takes its time to load."""
    monkeypatch.setattr("ivr.parent._STEADY_S", steady_s)
    with capture_logs() as logs:
        async with keeping(tmp_path, "dies") as kept:
            await kept.until(lambda: len(kept.notes("started")) >= 4)
    times = [at for _, at in kept.notes("started")]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert all(pause >= least for pause, least in zip(pauses, (0.25, 0.75, 1.75), strict=False))
    assert {entry["status"] for entry in logs if entry["event"] == "node.ended"} == {3}


async def test_a_program_that_cannot_be_started_does_not_end_the_parent(tmp_path: Path) -> None:
    """Out of memory or process ids: it may pass, and the ports must stay open."""
    with closing(Listeners.bind("127.0.0.1", 0, 0)) as listeners:
        keeper = NodeKeeper(lambda _down: (str(tmp_path / "none"),), listeners, WATCHDOG_S, None)
        with capture_logs() as logs:
            task = asyncio.create_task(keeper.keep())
            async with asyncio.timeout(LIMIT_S):
                while keeper.restarts < 2:
                    await asyncio.sleep(0.01)
            assert not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert any(entry["event"] == "node.not_started" for entry in logs)


async def test_an_orderly_stop_is_a_terminate_and_no_orphan(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        pid = await kept.ready()
    assert [by for by, _ in kept.notes("terminated")] == [pid]
    assert kept.notes("orphaned") == []
    assert gone(pid)
    assert not kept.keeper.ready.is_set()
    assert kept.keeper.pid is None


async def test_one_that_does_not_listen_to_terminate_is_killed(tmp_path: Path) -> None:
    async with keeping(tmp_path, "deaf", stop_limit_s=0.3) as kept:
        pid = await kept.ready()
    assert kept.notes("terminated")
    assert gone(pid)


async def test_nothing_of_ours_stays_open(tmp_path: Path) -> None:
    before = open_descriptors()
    async with keeping(tmp_path) as kept:
        first = await kept.ready()
        os.kill(first, signal.SIGKILL)
        await kept.ready_again(first)
    assert open_descriptors() <= before


async def test_the_node_is_told_to_reload(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        pid = await kept.ready()
        await kept.keeper.reload()
        await kept.until(lambda: kept.notes("reloaded"))
        assert [by for by, _ in kept.notes("reloaded")] == [pid]
        assert await kept.call() == pid


async def test_one_that_starts_just_now_is_told_when_it_is_ready(tmp_path: Path) -> None:
    """Before it listens to the signal, the signal would kill it."""
    async with keeping(tmp_path, "slow") as kept:
        first = await kept.ready()
        os.kill(first, signal.SIGKILL)
        await kept.until(lambda: kept.keeper.pid not in (None, first))
        await kept.keeper.reload()
        second = await kept.ready_again(first)
        await kept.until(lambda: kept.notes("reloaded"))
        assert [by for by, _ in kept.notes("reloaded")] == [second]
        assert kept.keeper.restarts == 1


def test_when_the_parent_dies_the_node_ends_and_the_ports_refuse(tmp_path: Path) -> None:
    """Asterisk is then refused at once and every call goes to police; nobody is left listening on half a system."""
    journal = tmp_path / "journal"
    command = [sys.executable, str(HERE / "small_parent.py"), str(journal)]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as parent:
        try:
            assert parent.stdout is not None
            port, node = (int(word) for word in parent.stdout.readline().split())
            ended = os.pidfd_open(node)
        finally:
            parent.kill()
    try:
        assert select.select([ended], [], [], LIMIT_S)[0], "the node outlives its parent"
    finally:
        os.close(ended)
    assert "orphaned" in journal.read_text(encoding="utf-8")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


def test_a_port_that_is_taken_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} on 127.0.0.1 .*is a server running"):
            Listeners.bind("127.0.0.1", 0, port)


def test_the_node_reads_the_same_file_wherever_the_parent_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = list(node_command(Path("mine.yaml"))("1,2,3,4"))
    assert command[1:] == [
        "-m",
        "ivr",
        "--config",
        str(tmp_path / "mine.yaml"),
        "node",
        "--inherited",
        "1,2,3,4",
    ]
    assert "--config" not in node_command(None)("1,2,3,4")
