"""The control socket: asks and answers over a real one, for its owner alone, and needed by no call."""

from __future__ import annotations

import asyncio
import socket
import stat
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr import control
from ivr.control import ControlServer, Reloaded, ask_to_reload
from ivr.errors import RulesNotReloaded, ServerNotRunning

DONE = Reloaded("aaa", "bbb")


@asynccontextmanager
async def answering(
    path: Path, reload: Callable[[], Reloaded] = lambda: DONE
) -> AsyncIterator[ControlServer]:
    server = ControlServer(path, reload)
    await server.start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


async def test_who_asks_is_answered_with_the_versions(path: Path) -> None:
    async with answering(path):
        assert await asyncio.to_thread(ask_to_reload, path) == DONE


async def test_who_asks_is_told_what_is_wrong(path: Path) -> None:
    wrong = Reloaded("aaa", "aaa", "词库/water.yaml:12: rules[1].weight: must be\nless")
    async with answering(path, lambda: wrong):
        with pytest.raises(RulesNotReloaded, match=r"仍用版本 aaa(.|\n)*water.yaml:12: rules\[1\].weight"):
            await asyncio.to_thread(ask_to_reload, path)


async def test_a_reload_that_takes_long_holds_up_nobody_else(path: Path) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow() -> Reloaded:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
        return DONE

    async with answering(path, slow):
        asking = asyncio.create_task(asyncio.to_thread(ask_to_reload, path))
        await asyncio.sleep(0.1)
        assert not asking.done()
        release.set()
        assert await asking == DONE


async def test_only_the_owner_may_ask(path: Path) -> None:
    async with answering(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_socket_of_a_node_that_was_killed_is_in_nobodys_way(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(path))
    with pytest.raises(ServerNotRunning, match="python -m ivr serve"):
        ask_to_reload(path)
    async with answering(path):
        assert await asyncio.to_thread(ask_to_reload, path) == DONE


def test_nobody_there(path: Path) -> None:
    with pytest.raises(ServerNotRunning, match=r"control\.sock"):
        ask_to_reload(path)


@pytest.mark.parametrize("asked", [b"", b"restart\n", b"reload", b"\xff" * 100 + b"\n", b"x" * 100_000])
async def test_what_is_not_understood_is_not_answered(path: Path, asked: bytes) -> None:
    asked_to: list[str] = []

    def reload() -> Reloaded:
        asked_to.append("reload")
        return DONE

    async with answering(path, reload):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(asked)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        await writer.wait_closed()
    assert asked_to == []


async def test_who_connects_and_says_nothing_is_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_ASKED_WITHIN_S", 0.05)
    with capture_logs() as logs:
        async with answering(path):
            reader, writer = await asyncio.open_unix_connection(path)
            assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()
            await writer.wait_closed()
    assert [entry["event"] for entry in logs] == ["control.unanswered"]


def test_a_node_that_dies_over_it_is_no_success(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as dying:
        dying.bind(str(path))
        dying.listen()
        dying.settimeout(10)

        def die() -> None:
            connection, _ = dying.accept()
            connection.recv(100)
            connection.close()

        thread = threading.Thread(target=die)
        thread.start()
        with pytest.raises(RulesNotReloaded, match="日志"):
            ask_to_reload(path)
        thread.join()


async def test_a_path_too_long_for_a_socket_costs_the_command_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 120)
    with capture_logs() as logs:
        async with answering(path):
            pass
    assert [(entry["event"], entry["use"]) for entry in logs] == [("control.missing", "SIGHUP")]
