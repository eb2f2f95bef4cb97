"""Whoever watches a build: a command line's progress bars, or a test."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int, int, str], None]


class Report(Protocol):
    """Watches a build."""

    def stage(self, name: str) -> AbstractContextManager[Advance]:
        """Begin a stage; the function given is told (done, in all, a few words)."""
        ...
