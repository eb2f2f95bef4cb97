"""The node's control socket: how a command on the same machine asks the running system for something.

A unix socket below `data_dir`, for its owner alone. One line asks, one line of JSON answers. Nothing that answers calls
needs it: where it cannot be made (a path too long for a socket), the node serves without.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from ivr.errors import RulesNotReloaded, ServerNotRunning

log = structlog.get_logger(__name__)

_RELOAD = b"reload\n"
_ASKED_WITHIN_S = 5.0
_ANSWERED_WITHIN_S = 120.0
"""Loading takes two seconds; the rest is for a machine that is very busy."""
_LONGEST_ANSWER = 1 << 16


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of loading the rules anew."""

    before: str
    """Version of the rules until then."""
    now: str
    """Version of the rules in use from then on; `before` where nothing changed."""
    error: str = ""
    """Why nothing changed, with file, line and key where there is one; empty when the new rules are in use."""


class ControlServer:
    """Answers on the socket at `path`. Made and closed in the loop's thread."""

    def __init__(self, path: Path, reload: Callable[[], Reloaded]) -> None:
        """`reload` blocks and does not raise; it runs on a thread."""
        self._path = path
        self._reload = reload
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; logs when it cannot and goes on without."""
        try:
            listener = _listener(self._path)
        except OSError as error:
            log.warning("control.missing", path=str(self._path), reason=str(error), use="SIGHUP")
            return
        self._server = await asyncio.start_unix_server(self._answer, sock=listener)

    def close(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await asyncio.wait_for(reader.readline(), _ASKED_WITHIN_S)
            if asked == _RELOAD:
                answer = asdict(await asyncio.to_thread(self._reload))
                writer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
                await writer.drain()
        except (TimeoutError, ValueError, OSError) as error:
            log.warning("control.unanswered", reason=repr(error))
        finally:
            writer.close()


def _listener(path: Path) -> socket.socket:
    """A socket at `path` that only its owner may connect to; the one of a node before us is taken away."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before it listens: nobody has connected yet
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def ask_to_reload(path: Path) -> Reloaded:
    """Have the node behind `path` load its rules anew, and wait for it.

    Raises ServerNotRunning when nobody listens there, RulesNotReloaded when the rules stay as they were.
    """
    with closing(socket.socket(socket.AF_UNIX)) as asking:
        asking.settimeout(_ANSWERED_WITHIN_S)
        try:
            asking.connect(str(path))
        except OSError as error:
            raise ServerNotRunning(
                f"没有运行中的系统在 {path} 应答（{error.strerror or error}）。请用与它相同的 --config，"
                "以运行它的用户执行；没有启动的，启动时就会载入新规则：python -m ivr serve"
            ) from error
        try:
            asking.sendall(_RELOAD)
            with asking.makefile("rb") as answers:
                line = answers.readline(_LONGEST_ANSWER)
        except OSError as error:
            raise RulesNotReloaded(f"没有等到回答（{error}）：请看日志中的 triage.reloaded") from error
    if not line.endswith(b"\n"):
        raise RulesNotReloaded("系统没有回答就断开了（可能正在重启，重启时会载入新规则）：请看日志")
    done = Reloaded(**json.loads(line))
    if done.error:
        raise RulesNotReloaded(f"规则有错，一概未变，仍用版本 {done.now}：\n{done.error}")
    return done
