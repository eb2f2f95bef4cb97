"""A process that submits events without end, until it is killed: python -m tests.records.dying_node URL FOLDER.

Prints the number of each event right after `submit` has returned, with the time in seconds (monotonic, which
on one machine is the same clock for all processes).
"""

import sys
from pathlib import Path
from threading import Event
from time import monotonic

import structlog

from records.events import EventKind
from records.spool import Spool
from records.store import Store
from records.writer import EventWriter
from tests.records.call_events import event

PAUSE_S = 0.002
"""Between two events: 500 a second, more than fifty calls at once make."""


def main(url: str, folder: str) -> None:
    """Submit and print until killed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    writer = EventWriter(Store(url), Spool(Path(folder)), retry_s=(0.05, 0.2))
    never = Event()
    number = 0
    while not never.wait(PAUSE_S):
        writer.submit(event(f"call-{number % 7}", EventKind.FAULT, number, f"id-{number}", what="x" * 200))
        sys.stdout.write(f"{number} {monotonic()}\n")
        sys.stdout.flush()
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
