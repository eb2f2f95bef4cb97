"""One call's FastAGI session: what a script can ask Asterisk to do. Used by one thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from ivr.fastagi.commands import application_name, quoted, shortened, variable_name
from ivr.fastagi.environment import MAX_LINES, AgiEnvironment, parse_environment
from ivr.fastagi.errors import AgiProtocolError, AgiTimeout, AppFailed, CallerGone
from ivr.fastagi.healed import HealedAgi
from ivr.fastagi.lines import LineChannel

if TYPE_CHECKING:
    import socket
    from types import TracebackType

_MAX_VERBOSE_BYTES = 1000
_CUT_FROM_BYTES = 1020
"""GET VARIABLE cuts values at 1,023 bytes (measured with 22.10.1), perhaps in a character; FULL does not."""


class AgiSession:
    """Reads the environment when made, then runs commands, each within `deadline_s` seconds.

    Every method raises CallerGone, SessionClosed, AgiTimeout or AgiProtocolError when the session is over,
    and from then on again and at once; ArgumentRefused when something cannot be sent: the session goes on.
    """

    def __init__(self, sock: socket.socket, *, deadline_s: float = 2.0) -> None:
        """Take over `sock`, a connection from Asterisk, and read the environment within `deadline_s`."""
        self._lines = LineChannel(sock)
        self.environment: AgiEnvironment = _read_environment(self._lines, deadline_s)
        self._agi = HealedAgi(self._lines, deadline_s)

    @property
    def hung_up(self) -> bool:
        """Whether the caller has hung up or Asterisk has closed the session. Looks, does not wait."""
        return self._agi.hung_up

    def get_variable(self, name: str) -> str | None:
        """Value of a channel variable or function, None when not set. Hostile where the caller sent it."""
        value = self._agi.read_value("GET VARIABLE", quoted(variable_name(name)))
        if value is not None and len(value.encode()) >= _CUT_FROM_BYTES:
            return self._agi.get_full_variable(f"${{{name}}}")
        return value

    def get_full_variable(self, expression: str) -> str:
        """Return what Asterisk makes of `expression`, as `${CALLERID(num)}`; put no caller's text in it."""
        return self._agi.get_full_variable(expression)

    def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable or function; Asterisk takes `value` literally. Line ends become spaces.

        Raises ArgumentRefused when it is too long for a command: use `shortened` for free text.
        """
        self._agi.set_variable(variable_name(name), value)

    def execute(self, application: str, *arguments: str, timeout_s: float | None = None) -> str:
        """Run a dialplan application and wait until it ends; its result as text ("0": it went well).

        `arguments` are joined with commas as in the dialplan, whose quoting rules hold in them: never put a
        caller's text there, set a variable. `timeout_s` None waits for as long as the application runs; after
        an AgiTimeout the application may go on, and the session cannot be used. Raises AppFailed.
        """
        options = quoted(",".join(arguments))
        if self.hung_up:
            raise CallerGone(f"the caller hung up before {application}")
        reply = self._agi.run(timeout_s, "EXEC", application_name(application), options)
        if reply.result == "-2":
            raise AppFailed(application, reply.result)
        if reply.result == "-1":
            raise self._agi.failure(application, reply)
        return reply.result

    def verbose(self, text: str, level: int = 1) -> None:
        """Write a line to Asterisk's console and log at verbosity `level` 1..4. No caller's data in it."""
        self._agi.verbose(shortened(text, _MAX_VERBOSE_BYTES), level)

    def abort(self) -> None:
        """Take the session away, from any thread: its script gets SessionClosed."""
        self._lines.abort()

    def close(self) -> None:
        """Close the connection, which makes the dialplan go on. Only the script's own thread does this."""
        self._lines.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def _read_environment(lines: LineChannel, deadline_s: float) -> AgiEnvironment:
    until = time.monotonic() + deadline_s
    found: list[str] = []
    while True:
        try:
            line = lines.read_line(max(until - time.monotonic(), 0.0))
        except AgiTimeout:
            raise AgiTimeout(
                f"no whole AGI environment within {deadline_s} s ({len(found)} lines came)"
            ) from None
        if not line:
            return parse_environment(found)
        found.append(line)
        if len(found) > MAX_LINES:
            raise AgiProtocolError(f"the AGI environment has more than {MAX_LINES} lines")
