"""Asterisk's side of an AGI session, for tests: sends an environment, answers, misbehaves on request."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ENVIRONMENT = {
    "agi_network": "yes",
    "agi_network_script": "110",
    "agi_request": "agi://127.0.0.1:4573/110",
    "agi_channel": "PJSIP/carrier-00000001",
    "agi_language": "zh",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1795320880.1",
    "agi_version": "22.10.1",
    "agi_callerid": "13800138000",
    "agi_calleridname": "张三",
    "agi_callingpres": "0",
    "agi_dnid": "110",
    "agi_rdnis": "unknown",
    "agi_context": "from-carrier",
    "agi_extension": "110",
    "agi_priority": "4",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "139835230643904",
}


def environment_bytes(**changed: str) -> bytes:
    """The environment as Asterisk sends it, with its empty last line."""
    values = ENVIRONMENT | {f"agi_{key}": value for key, value in changed.items()}
    return "".join(f"{key}: {value}\n" for key, value in values.items()).encode() + b"\n"


def echoed(command: str) -> bytes | None:
    """What Asterisk answers to the commands of most tests: a variable's value is its name."""
    verb, _space, rest = command.partition(' "')
    if verb in {"GET VARIABLE", "GET FULL VARIABLE"}:
        return f"200 result=1 ({rest.rstrip().removesuffix(chr(34))})\n".encode()
    return b"200 result=1\n" if verb == "SET VARIABLE" else b"200 result=0\n"


class AsteriskSide(threading.Thread):
    """Reads commands, keeps them, and sends what `answer` gives for each; None: no answer."""

    def __init__(self, sock: socket.socket, answer: Callable[[str], bytes | None] = echoed) -> None:
        super().__init__(name="asterisk-side", daemon=True)
        self.sock = sock
        self.commands: list[str] = []
        self._answer = answer

    def run(self) -> None:
        received = b""
        while True:
            try:
                chunk = self.sock.recv(65536)
            except OSError:
                return
            if not chunk:
                return
            received += chunk
            while b"\n" in received:
                line, received = received.split(b"\n", 1)
                self.commands.append(line.decode())
                answer = self._answer(line.decode())
                try:
                    self.sock.sendall(answer or b"")
                except OSError:
                    return

    def end(self) -> None:
        """Close as Asterisk does when the dialplan goes on."""
        with contextlib.suppress(OSError):  # closed by the other side
            self.sock.shutdown(socket.SHUT_RDWR)
        if self.ident is not None and threading.current_thread() is not self:
            self.join(5)
        self.sock.close()


def reset(sock: socket.socket) -> None:
    """Close with a TCP RST, as a killed Asterisk with unread data does."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def connected_pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a TCP connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _address = listening.accept()
    return ours, theirs
