"""A FastAGI script for tests: sends the commands it was given to each call and keeps the answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

LIMIT_S = 10.0


def set_variables(**values: str) -> list[str]:
    """AGI commands that set channel variables."""
    return [f'SET VARIABLE {name} "{value}"' for name, value in values.items()]


def decided(route: str, **more: str) -> list[str]:
    """What the real script does to a call that it has understood."""
    known = {
        "__CALL_ID": "c0ffee-1",
        "__TRIAGE_CATEGORY": "water",
        "__TRIAGE_LABEL": "供水",
        "__TRIAGE_PRIORITY": "3",
    }
    known |= {"__CALLER_LOCATION": "朝阳区建国路88号"}
    return [
        'SET VARIABLE TIMEOUT(absolute) "20"',
        *set_variables(**(known | more)),
        f'SET VARIABLE TRIAGE_ROUTE "{route}"',
    ]


class AgiScript:
    """Serves until closed. `answers`: one list of answer lines a call."""

    def __init__(self, commands: Sequence[str], *, then_hold: bool = False) -> None:
        """`then_hold`: keep the session open after the last command until Asterisk closes it."""
        self._commands = commands
        self._then_hold = then_hold
        self.answers: list[list[str]] = []
        self.finished = threading.Event()
        self._listener = self._session = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for opened in (self._listener, self._session):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        self._thread.join(LIMIT_S)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                self._session, _ = self._listener.accept()
            except OSError:
                return
            with self._session as session, session.makefile("rb") as lines:
                while lines.readline().strip():
                    pass
                said: list[str] = []
                self.answers.append(said)
                with suppress(OSError):  # Asterisk may end the session at any moment
                    for command in self._commands:
                        session.sendall(command.encode() + b"\n")
                        said.append(lines.readline().decode().strip())
                    self.finished.set()
                    if self._then_hold:
                        lines.read(1)
