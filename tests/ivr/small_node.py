"""A child for NodeKeeper's tests: keeps the node's contract (descriptors, pulse, lifeline, SIGTERM) and nothing else.

    python small_node.py JOURNAL MODE DESCRIPTORS

It answers every connection of the FastAGI port with its process id, and writes what happens to it into JOURNAL, one
line each. MODE: `good`; `slow` (half a second until it is ready); `dies` at its start; `mute` (never ready); `deaf`
(ignores SIGTERM).
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from pathlib import Path

journal, mode = Path(sys.argv[1]), sys.argv[2]
fastagi, audiosocket, pulse, lifeline = (int(number) for number in sys.argv[3].split(","))


def note(what: str) -> None:
    with journal.open("a", encoding="utf-8") as file:
        file.write(f"{what} {os.getpid()} {time.time()}\n")


def terminated(_number: int, _frame: object) -> None:
    note("terminated")
    if mode != "deaf":
        sys.exit(0)


signal.signal(signal.SIGTERM, terminated)
signal.signal(signal.SIGHUP, lambda _number, _frame: note("reloaded"))
note("started")
if mode == "dies":
    sys.exit(3)
if mode == "slow":
    time.sleep(0.5)
if mode != "mute":
    os.write(pulse, b"R")
port = socket.socket(fileno=fastagi)
with socket.socket(fileno=audiosocket):
    while True:
        readable, _, _ = select.select([port.fileno(), lifeline], [], [], 0.05)
        if lifeline in readable:
            note("orphaned")
            sys.exit(0)
        if port.fileno() in readable:
            connection, _ = port.accept()
            with connection:
                connection.sendall(f"{os.getpid()}\n".encode())
        if mode != "mute":
            os.write(pulse, b".")
