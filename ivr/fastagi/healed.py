"""pyst2's AGI, healed for FastAGI on threads.

What was wrong with it, and what is done instead:

| pyst2 0.5.1 | here |
| --- | --- |
| `asterisk.fastagi` does not import on Python 3 | `server.py` |
| `AGI.__init__` sets a SIGHUP handler: ValueError outside the main thread | not called: no signals here |
| writes str to the socket's bytes file | `LineChannel` |
| copies environment and traffic (callers' numbers) to stderr | nothing is logged here |
| the line HANGUP, or the end of the connection: ValueError | `hung_up`, CallerGone |
| `result=-1`: AGIAppError, whatever the reason | CallerGone or AppFailed |
| a value "hangup" is taken for a hang-up, and made up by get_variable | read as the value that it is |
| values of several lines: the rest is taken for the next answer | read up to a fence that nobody can guess |
| nothing is escaped, a line end injects a command | `commands.py` |
| commands beyond what Asterisk reads: the rest runs as a command | refused |
| waits for ever | a deadline for each answer |
| commands after the end: a different error each time | the first error again, and nothing is sent |
"""

from __future__ import annotations

import secrets

from asterisk.agi import AGI

from ivr.fastagi.commands import command_line, quoted
from ivr.fastagi.errors import AgiError, AgiProtocolError, AppFailed, ArgumentRefused, CallerGone
from ivr.fastagi.lines import MAX_LINE_BYTES, LineChannel
from ivr.fastagi.replies import HANGUP, Reply, begins_value, parse_reply

_HANGUP_FOLLOWS_S = 0.2
"""So long after a negative answer the word HANGUP may come."""


class HealedAgi(AGI):  # type: ignore[misc]  # pyst2 is untyped
    """pyst2's commands over a LineChannel. Its methods raise the errors of `ivr.fastagi.errors`."""

    def __init__(self, lines: LineChannel, deadline_s: float) -> None:
        """`deadline_s`: seconds for each answer and each write. The environment has been read before."""
        self.env: dict[str, str] = {}
        self._lines = lines
        self._deadline_s = deadline_s
        self._hung_up = False
        self._fault: AgiError | None = None

    @property
    def hung_up(self) -> bool:
        """Whether the caller is gone: looks at what has arrived, without waiting."""
        if self._fault is None:
            self._take_notices()
        return self._hung_up

    def run(self, within_s: float | None, command: str, *arguments: object) -> Reply:
        """Send one command and wait for its answer, `within_s` seconds or (None) for ever.

        Raises AgiError's kinds; all but ArgumentRefused end the session's use.
        """
        line = command_line(command, *arguments)
        self._check_usable()
        try:
            self._take_notices()
            self._check_usable()
            self._lines.write(line, self._deadline_s)
            return self._understood(self._answer(within_s))
        except ArgumentRefused:
            raise
        except AgiError as error:
            self._fault = error
            self._hung_up = self._hung_up or isinstance(error, CallerGone)
            raise

    def read_value(self, command: str, *arguments: object) -> str | None:
        """Value of a GET command, of several lines if it has them; None when Asterisk has none."""
        reply = self.run(self._deadline_s, command, *arguments)
        return reply.value if reply.result == "1" else None

    def execute(self, command: str, *args: object) -> dict[str, tuple[str, str]]:
        """Run pyst2's own commands: the answer in pyst2's shape. Raises AppFailed for result=-1."""
        reply = self.run(self._deadline_s, command, *args)
        if reply.result == "-1":
            raise self.failure(command, reply)
        return {"result": (reply.result, reply.value or "")}

    def failure(self, application: str, reply: Reply) -> AgiError:
        """Say why an answer is negative: the caller went, or the application could not.

        Of a caller who went, Asterisk tells twice, and the word may come a moment after the answer.
        """
        if not self.hung_up:
            self._lines.pull(_HANGUP_FOLLOWS_S)
        if self.hung_up:
            return CallerGone(f"the caller hung up during {application}")
        return AppFailed(application, reply.result)

    def get_variable(self, name: str) -> str:
        """As pyst2's: empty when not set."""
        return self.read_value("GET VARIABLE", quoted(name)) or ""

    def get_full_variable(self, name: str, channel: str | None = None) -> str:
        """As pyst2's: empty when nothing comes out."""
        more = () if channel is None else (quoted(channel),)
        return self.read_value("GET FULL VARIABLE", quoted(name), *more) or ""

    def _quote(self, string: object) -> str:
        return quoted(string)

    def _check_usable(self) -> None:
        if self._fault is not None:
            raise type(self._fault)(*self._fault.args)

    def _take_notices(self) -> None:
        """Read what came unasked: only HANGUP may, all else would be taken for the next answer."""
        self._lines.pull()
        try:
            while (line := self._lines.buffered_line()) is not None:
                if line != HANGUP:
                    raise AgiProtocolError("Asterisk sent a line that nobody asked for")  # noqa: TRY301 - latched below
                self._hung_up = True
        except AgiProtocolError as error:
            self._fault = error
        self._hung_up = self._hung_up or self._lines.ended

    def _answer(self, within_s: float | None) -> str:
        line = self._next_line(within_s)
        if not begins_value(line):
            return line
        token = secrets.token_hex(12)
        fence = f"200 result=1 ({token})"
        self._lines.write(command_line("GET FULL VARIABLE", quoted(token)), self._deadline_s)
        value, size = [line], len(line)
        while (line := self._lines.read_line(self._deadline_s)) != fence:
            value.append(line)
            size += len(line)
            if size > MAX_LINE_BYTES:
                raise AgiProtocolError(f"a value of more than {MAX_LINE_BYTES} characters")
        if value[-1] == HANGUP:  # it came between the value and the fence: a value's last line ends with ")"
            self._hung_up = True
            del value[-1]
        return "\n".join(value)

    def _next_line(self, within_s: float | None) -> str:
        while (line := self._lines.read_line(within_s)) == HANGUP:
            self._hung_up = True
        return line

    def _understood(self, text: str) -> Reply:
        reply = parse_reply(text)
        if reply.is_usage:
            for _line in range(100):  # Asterisk's longest usage has some twenty
                if self._next_line(self._deadline_s).startswith("520 "):
                    break
        if reply.code in {510, 520}:
            raise ArgumentRefused(f"Asterisk does not know this command or its arguments ({reply.code})")
        if reply.code == 511:
            self._hung_up = True
            raise CallerGone("the channel is dead; leave the script")
        if reply.code != 200:
            raise AgiProtocolError(f"an AGI answer with the unknown code {reply.code}")
        return reply
