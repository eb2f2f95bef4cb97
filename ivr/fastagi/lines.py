"""Lines over a socket, each read and write under a deadline and within bounds. Knows nothing of AGI."""

from __future__ import annotations

import socket
import threading
import time

from ivr.fastagi.errors import AgiProtocolError, AgiTimeout, CallerGone, SessionClosed

MAX_LINE_BYTES = 64 * 1024
"""Longest line that is read. Asterisk's own longest are variables' values."""
_CHUNK = 8192


class LineChannel:
    """One connection, used by one thread; only `abort` may be called from others."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._received = bytearray()
        self._searched = 0
        self._ended = False
        self._aborted = threading.Event()

    @property
    def ended(self) -> bool:
        """Whether the other side has closed, as far as was read."""
        return self._ended

    def read_line(self, within_s: float | None) -> str:
        """Wait for a line (without its line end) for at most `within_s` seconds, None: for ever.

        Bytes that are no UTF-8 become U+FFFD. Raises CallerGone, SessionClosed, AgiTimeout, AgiProtocolError.
        """
        until = None if within_s is None else time.monotonic() + within_s
        while (line := self.buffered_line()) is None:
            if self._ended:
                raise self._gone()
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise AgiTimeout(f"no line from Asterisk within {within_s} s")
            self._receive(left)
        return line

    def buffered_line(self) -> str | None:
        """Give a line that has arrived already, or None. Raises AgiProtocolError when it is too long."""
        end = self._received.find(b"\n", self._searched)
        length = len(self._received) if end < 0 else end
        if length > MAX_LINE_BYTES:
            raise AgiProtocolError(f"a line of more than {MAX_LINE_BYTES} bytes")
        if end < 0:
            self._searched = length
            return None
        line = self._received[:end]
        del self._received[: end + 1]
        self._searched = 0
        return line.removesuffix(b"\r").decode("utf-8", "replace")

    def pull(self, within_s: float = 0.0) -> None:
        """Take in what has arrived, or what comes first within `within_s` seconds. Never raises; see `ended`."""
        if not self._ended and len(self._received) <= MAX_LINE_BYTES:
            self._receive(within_s)

    def write(self, data: bytes, within_s: float) -> None:
        """Send all of `data` within `within_s` seconds. Raises CallerGone, SessionClosed, AgiTimeout."""
        if self._ended:
            raise self._gone()
        try:
            self._sock.settimeout(within_s)
            self._sock.sendall(data)
        except TimeoutError:
            raise AgiTimeout(f"Asterisk took no command within {within_s} s") from None
        except OSError:
            raise self._gone() from None

    def abort(self) -> None:
        """End the connection from another thread: whoever waits here gets SessionClosed at once."""
        self._aborted.set()
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            self._ended = True  # it was closed already

    def close(self) -> None:
        """Close the socket. Only the thread that uses the channel does this."""
        self._sock.close()

    def _receive(self, within_s: float | None) -> None:
        try:
            self._sock.settimeout(within_s)
            chunk = self._sock.recv(_CHUNK)
        except (BlockingIOError, TimeoutError):
            return
        except OSError:  # reset by the other side, or closed
            chunk = b""
        if not chunk:
            self._ended = True
        self._received += chunk

    def _gone(self) -> CallerGone | SessionClosed:
        if self._aborted.is_set():
            return SessionClosed("this server is closing; leave the script")
        return CallerGone("Asterisk closed the AGI session; leave the script")
