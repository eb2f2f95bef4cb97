"""The parent: small, holds the listening sockets, and keeps a node and an Asterisk alive.

The sockets of FastAGI and AudioSocket are bound here and handed down, so that the ports never refuse while a node
restarts: Asterisk cuts other people's calls when an AudioSocket connection is refused. A session that arrives
meanwhile waits in the backlog; the dialplan's own time-out sends its caller to police after a second and a half.

When the parent itself dies its node ends too, by the lifeline, and the ports close: FastAGI then refuses at once and
every call goes straight to police. Asterisk lives on, and the next parent adopts it with the calls that it carries.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from ivr.config import ROOT
from ivr.heartbeat import Pulse

log = structlog.get_logger(__name__)

BACKLOG = 512
START_LIMIT_S = 120.0
"""A large speech model takes its time to load; until then callers go to police by the dialplan."""
STOP_LIMIT_S = 8.0
"""The node gives its records five seconds to be written, its sessions two to end."""
_CHECKS_A_LIMIT = 5
_STARVED_FACTOR = 3
"""A node that runs but has no time for its pulse (a machine with too much to do) is given so many times longer: to
kill it would take the machine's last breath for loading a new one."""
_LONGEST_BACKOFF_S = 10.0
_STEADY_S = 5.0


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two ports that Asterisk connects to."""

    fastagi: socket.socket
    audiosocket: socket.socket

    @classmethod
    def bind(cls, host: str, fastagi_port: int, audiosocket_port: int) -> Listeners:
        """Bind both. Raises OSError naming the port that is taken."""
        with ExitStack() as stack:
            fastagi = stack.enter_context(_listen(host, fastagi_port))
            audiosocket = _listen(host, audiosocket_port)
            stack.pop_all()
        return cls(fastagi, audiosocket)

    def close(self) -> None:
        """From now on the ports refuse."""
        self.fastagi.close()
        self.audiosocket.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        raise OSError(
            error.errno, f"port {port} on {host} cannot be opened ({error.strerror}); is a server running?"
        ) from None


def _is_stopped(pid: int) -> bool:
    """Whether the process does not run at all (SIGSTOP, a debugger): proc(5), third field of `stat`."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "Tt"


def _turn_away(listener: socket.socket) -> None:
    """Close the connections that wait for a node that is gone.

    Asterisk has sent their calls' audio into them and would notice nothing until the next node is ready; a closed
    one lets its dialplan go on to police at once. The port itself goes on listening.
    """
    listener.setblocking(False)
    while True:
        try:
            waiting, _ = listener.accept()
        except OSError:  # BlockingIOError: nobody waits any more
            return
        waiting.close()


def node_command(config_path: Path | None) -> Callable[[str], Sequence[str]]:
    """The node's command line, to be completed with the descriptors that it inherits. None: the usual config.yaml."""
    # absolute: the node runs in the project's folder, whoever started us stood elsewhere
    config = ("--config", str(config_path.absolute())) if config_path else ()
    return lambda inherited: (sys.executable, "-m", "ivr", *config, "node", "--inherited", inherited)


class NodeKeeper:
    """Starts the node, listens to its pulse, kills it when it freezes, starts it again."""

    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        listeners: Listeners,
        watchdog_s: float,
        log_file: int | None,
        *,
        start_limit_s: float = START_LIMIT_S,
        stop_limit_s: float = STOP_LIMIT_S,
    ) -> None:
        """`command` is usually `node_command(...)`. `log_file`: a file descriptor for the node's standard error.

        Without `log_file` it is our own. A node not ready after `start_limit_s`, or not ended `stop_limit_s` after
        SIGTERM, is killed.
        """
        self._command = command
        self._listeners = listeners
        self._start_limit_s = start_limit_s
        self._stop_limit_s = stop_limit_s
        self._watchdog_s = watchdog_s
        self._log_file = log_file
        self._process: asyncio.subprocess.Process | None = None
        self.ready = asyncio.Event()
        """A node is serving; cleared while one restarts."""
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The node's process id; None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def reload(self) -> None:
        """Have the node load its rules anew (SIGHUP); one that starts just now is waited for.

        Earlier the signal would kill it. One that ends meanwhile is followed by one that has the new rules.
        """
        await self.ready.wait()
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    async def keep(self) -> None:
        """Keep a node alive until cancelled; then stop it and wait for it."""
        backoff = 0.0
        while True:
            began = asyncio.get_running_loop().time()
            served = False
            try:
                served = await self._one_life()
            except OSError as error:  # no memory, no process ids: this may pass, and the ports are still ours
                log.error("node.not_started", error=str(error))  # noqa: TRY400 - no stack wanted
            self.restarts += 1
            lived = asyncio.get_running_loop().time() - began
            steady = (
                served and lived > _STEADY_S
            )  # loading a large model takes long, and may end in a failure, too
            backoff = 0.0 if steady else min(_LONGEST_BACKOFF_S, 2 * backoff + 0.25)
            log.warning("node.restarting", lived_s=round(lived, 1), after_s=backoff)
            await asyncio.sleep(backoff)  # a node that dies at its start must not eat the machine

    async def _one_life(self) -> bool:
        """From the start of a node to its end; True when it became ready."""
        pulse_read, pulse_write = os.pipe()
        lifeline_read, lifeline_write = os.pipe()
        listeners = self._listeners
        down = (listeners.fastagi.fileno(), listeners.audiosocket.fileno(), pulse_write, lifeline_read)
        pulse = Pulse(pulse_read)
        try:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command(",".join(map(str, down))),
                    cwd=ROOT,
                    pass_fds=down,
                    stdin=asyncio.subprocess.DEVNULL,
                    stderr=self._log_file,
                )
            finally:
                os.close(pulse_write)
                os.close(lifeline_read)
            await self._listen_to(pulse, self._process)
            return pulse.ready.is_set()
        finally:
            self.ready.clear()
            await self._stop()  # before the lifeline ends: an orderly stop is not an orphan's
            _turn_away(listeners.audiosocket)
            pulse.close()
            os.close(lifeline_write)

    async def _listen_to(self, pulse: Pulse, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.create_task(process.wait())
        try:
            while not ended.done():
                await asyncio.wait({ended}, timeout=self._watchdog_s / _CHECKS_A_LIMIT)
                if pulse.ready.is_set():
                    self.ready.set()
                if not ended.done() and pulse.silent_s > self._patience(pulse, process.pid):
                    log.error("node.frozen", pid=process.pid, silent_s=round(pulse.silent_s, 2))
                    process.kill()
                    await ended
            log.error("node.ended", pid=process.pid, status=process.returncode)
        finally:
            ended.cancel()

    def _patience(self, pulse: Pulse, pid: int) -> float:
        """Seconds of silence that are borne: little from one that does not run, more from one short of CPU."""
        if not pulse.ready.is_set():
            return self._start_limit_s
        return self._watchdog_s * (1 if _is_stopped(pid) else _STARVED_FACTOR)

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self._stop_limit_s)
        except TimeoutError:
            log.error("node.stuck", pid=process.pid)  # noqa: TRY400 - no stack wanted
            process.kill()
            await process.wait()
