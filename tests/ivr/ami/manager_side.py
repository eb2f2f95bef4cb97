"""The manager interface's side, for tests: a server that speaks AMI as told, and a proxy that breaks what passes it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RIGHT = "right"
BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def pack(*lines: str) -> bytes:
    """Lines as AMI sends them."""
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def fields_of(action: str) -> dict[str, str]:
    """An action's headers; of repeated ones the last."""
    return dict(line.split(": ", 1) for line in action.split("\r\n") if ": " in line)


def agreeing(fields: dict[str, str]) -> bytes:
    """Says yes to everything, with the right password."""
    number = fields.get("ActionID", "")
    if fields["Action"] == "Login" and fields["Secret"] != RIGHT:
        return pack("Response: Error", f"ActionID: {number}", "Message: Authentication failed")
    return pack("Response: Success", f"ActionID: {number}", f"Message: {fields['Action']} done")


class ManagerSide:
    """Listens on a free port (or a given one), answers actions with what `answer` gives, sends events when told."""

    def __init__(
        self,
        answer: Callable[[dict[str, str]], bytes] = agreeing,
        *,
        banner: bytes = BANNER,
        port: int = 0,
    ) -> None:
        self.answer = answer
        self.actions: list[str] = []
        self.connections: list[socket.socket] = []
        self._banner = banner
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listening.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def say(self, data: bytes) -> None:
        """Send to the newest connection."""
        self.connections[-1].sendall(data)

    def cut(self, *, reset: bool = False) -> None:
        """End all connections, with FIN or with RST."""
        for sock in self.connections:
            with contextlib.suppress(OSError):
                if reset:  # the thread that reads closes, and that resets
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    sock.shutdown(socket.SHUT_RD)
                else:
                    sock.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def close(self) -> None:
        """End everything."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _begin(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="manager-side", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _address = self._listening.accept()
            except OSError:
                return
            self.connections.append(sock)
            self._begin(self._converse, sock)

    def _converse(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            sock.sendall(self._banner)
            received = b""
            while chunk := sock.recv(65536):
                received += chunk
                while b"\r\n\r\n" in received:
                    action, received = received.split(b"\r\n\r\n", 1)
                    self.actions.append(action.decode())
                    sock.sendall(self.answer(fields_of(action.decode())))


class BreakingProxy(ManagerSide):
    """Passes everything on to `target` until told to swallow it (`black_hole`) or to cut."""

    def __init__(self, target: int) -> None:
        self.black_hole = threading.Event()
        self._target = target
        super().__init__()

    def _converse(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as onward:
            back = threading.Thread(target=self._pass_on, args=(onward, sock), daemon=True)
            back.start()
            self._pass_on(sock, onward)
            sock.close()
            with contextlib.suppress(OSError):
                onward.shutdown(socket.SHUT_RDWR)
            back.join(5)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.black_hole.is_set():
                    target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
