"""Runs one Asterisk: starts it or adopts the one that is running, talks to its console, stops it.

Asterisk runs in a session of its own and outlives us: the calls that it carries must survive a restart of our
processes. The next one of us finds it by its control socket and goes on with it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import structlog

from ivr.asterisk.errors import AsteriskStartFailed, AsteriskUnreachable
from ivr.asterisk.layout import Layout, check_reachable

if TYPE_CHECKING:
    from ivr.asterisk.find import AsteriskInstall
    from ivr.asterisk.layout import Account
    from ivr.asterisk.settings import AsteriskSettings

log = structlog.get_logger(__name__)

#: Asterisk boots in 0.3 s on an idle machine; this is for one that is very busy.
BOOT_LIMIT_S = 30.0
_LOOK_MS = 20
_COMMAND_S = 2.0
_STOP_NOW_S = 3.0
_TERM_S = 2.0
_CONNECT_S = 1.0
_LOG_TAIL = 1500


class Asterisk:
    """One instance. Its methods block; call them from a thread of their own or before anything else runs."""

    def __init__(self, install: AsteriskInstall, settings: AsteriskSettings, account: Account) -> None:
        """Its configuration must have been rendered from the same settings. Raises ConfigurationRefused."""
        self._install = install
        self._settings = settings
        self.layout = Layout.of(settings)
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd: int | None = None
        self.pid: int | None = None
        self.adopted = False
        """It was running already when we came."""

    # -- life ------------------------------------------------------------------------------------------

    def start(self, limit_s: float = BOOT_LIMIT_S) -> None:
        """Adopt a running instance of this layout, else start one, and wait until it is fully booted.

        Raises FolderUnreachable or AsteriskStartFailed, the latter with the end of Asterisk's own words.
        """
        deadline = time.monotonic() + limit_s
        running = self._running_pid()
        self.adopted = running is not None
        if running is not None:
            self._hold(running)
            log.info("asterisk.adopted", pid=running)
        else:
            self._launch()
            self._await_socket(deadline)
        self._await_boot(deadline)
        log.info("asterisk.ready", pid=self.pid, adopted=self.adopted, version=str(self._install.version))

    def alive(self) -> bool:
        """Whether the process that we started or adopted is there."""
        return not self.wait(0)

    def wait(self, limit_s: float | None) -> bool:
        """Wait until the process is gone, at most `limit_s` (None: for ever); True when it is gone."""
        if self._pidfd is None:
            return True
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if not poll.poll(None if limit_s is None else limit_s * 1000):
            return False
        self._release()
        return True

    @property
    def pidfd(self) -> int | None:
        """A file descriptor that becomes readable when the process ends (pidfd_open(2)); None: no process."""
        return self._pidfd

    def stop(self, graceful_s: float = 0.0) -> None:
        """End it: after the calls in progress or after `graceful_s`, whichever is first; then by all means."""
        if not self.alive():
            return
        if graceful_s > 0:
            with suppress(AsteriskUnreachable):  # the console answers only when the last call has ended
                self.rx("core stop gracefully", limit_s=graceful_s)
        with suppress(AsteriskUnreachable):
            self.rx("core stop now", limit_s=_COMMAND_S)
        if self.wait(_STOP_NOW_S):
            return
        log.warning("asterisk.stuck", pid=self.pid)
        for number, limit in ((signal.SIGTERM, _TERM_S), (signal.SIGKILL, None)):
            self._signal(number)
            if self.wait(limit):
                return

    # -- its console -----------------------------------------------------------------------------------

    def rx(self, command: str, limit_s: float = 5.0) -> str:
        """Run a console command and give what it prints. Raises AsteriskUnreachable."""
        try:
            done = subprocess.run(
                [self._install.binary, "-C", self.layout.main_file, "-rx", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit_s,
                check=False,
                env=self._environment(),
            )
        except subprocess.TimeoutExpired:
            raise AsteriskUnreachable(f"Asterisk did not answer {command!r} within {limit_s:g} s") from None
        text = done.stdout.decode(errors="replace")
        if done.returncode != 0 or "Unable to connect to remote asterisk" in text:
            said = (text + done.stderr.decode(errors="replace")).strip()[:300]
            raise AsteriskUnreachable(
                f"Asterisk's console at {self.layout.control_socket} does not answer: {said}"
            )
        return text

    def reload(self) -> None:
        """Take over a new rendering; calls go on. Raises AsteriskUnreachable."""
        self.rx("core reload", limit_s=30.0)

    # -- inside ----------------------------------------------------------------------------------------

    def _launch(self) -> None:
        account, layout = self._account, self.layout
        for path in (
            layout.main_file,
            self._install.binary,
            self._install.modules_dir,
            self._install.data_dir,
        ):
            check_reachable(path, account)
        self._check_ports()
        layout.control_socket.unlink(missing_ok=True)
        become = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.switch else {}
        with (layout.log / "console.log").open("ab") as console:
            self._process = subprocess.Popen(  # type: ignore[call-overload]
                [self._install.binary, "-C", layout.main_file, "-f"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=layout.spool,
                env=self._environment(),
                start_new_session=True,
                umask=0o027,
                **become,
            )
        self._hold(self._process.pid)

    def _check_ports(self) -> None:
        """Asterisk boots happily without a port that somebody else has; a call would never reach it then."""
        sip, ami = (
            (self._settings.bind_address, self._settings.sip_port),
            ("127.0.0.1", self._settings.ami_port),
        )
        for address, kind in ((sip, socket.SOCK_DGRAM), (sip, socket.SOCK_STREAM), (ami, socket.SOCK_STREAM)):
            with closing(socket.socket(socket.AF_INET, kind)) as probe:
                if (
                    kind is socket.SOCK_STREAM
                ):  # as Asterisk does: connections that have just ended do not matter
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(address)
                except OSError as error:
                    raise AsteriskStartFailed(
                        f"port {address[1]} on {address[0]} cannot be opened ({error.strerror}). Another Asterisk? "
                        "`ss -lnp` shows who has it; else set `asterisk: sip_port:`, `ami_port:` or `bind_address:`."
                    ) from None

    def _environment(self) -> dict[str, str]:
        """Nothing of ours: the environment may hold secrets, and LD_LIBRARY_PATH would mislead the loader."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": str(self.layout.lib)}

    def _await_socket(self, deadline: float) -> None:
        """The control socket appears early in the boot; looked for while listening for the process's end."""
        while not self.layout.control_socket.exists():
            if self.wait(_LOOK_MS / 1000):
                raise AsteriskStartFailed(
                    f"Asterisk ended while it was starting. It said:\n{self._last_words()}"
                )
            self._in_time(deadline)

    def _await_boot(self, deadline: float) -> None:
        """`core waitfullybooted` answers when all modules are loaded."""
        while True:
            try:
                answer = self.rx("core waitfullybooted", limit_s=max(0.1, deadline - time.monotonic()))
            except AsteriskUnreachable:
                if self.wait(_LOOK_MS / 1000):
                    raise AsteriskStartFailed(
                        f"Asterisk ended while booting. It said:\n{self._last_words()}"
                    ) from None
                self._in_time(deadline)
            else:
                if "fully booted" in answer:
                    return
                self._in_time(deadline)

    def _in_time(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise AsteriskStartFailed(
                f"Asterisk (process {self.pid}) did not finish booting in time. It said:\n{self._last_words()}"
            )

    def _last_words(self) -> str:
        words = []
        for name in ("console.log", "messages.log"):
            with suppress(OSError):
                words.append(
                    (self.layout.log / name).read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]
                )
        return "\n".join(words) or f"(nothing; see {self.layout.log})"

    def _running_pid(self) -> int | None:
        """Process id of an instance that answers on our control socket."""
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.settimeout(_CONNECT_S)
            try:
                probe.connect(str(self.layout.control_socket))
            except OSError:
                return None
            # SO_PEERCRED: who listens, told by the kernel and not by a file that may be old
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(credentials[:4], sys.byteorder, signed=True)

    def _hold(self, pid: int) -> None:
        self._release()
        self.pid = pid
        try:
            self._pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._pidfd = None

    def _release(self) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        if self._process is not None and self._process.poll() is not None:
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._pidfd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)
