"""The rules in use, and how they are replaced while calls go on: all of them or none.

A call is decided by the rules that were in use when its dialogue began. New ones are loaded beside the old ones, off
the event loop, and take their place only when they are sound.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from triage.engine import Triage
from triage.errors import LexiconError, TriageError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of loading the rules anew."""

    before: str
    """Version of the rules until then."""
    now: str
    """Version of the rules in use from then on; `before` where nothing changed."""
    error: str = ""
    """Why nothing changed, with file, line and key where there is one; empty when the new rules are in use."""


class LiveRules:
    """Holds the rules that calls beginning now are decided by. Thread-safe."""

    def __init__(self, load: Callable[[], Triage]) -> None:
        """Load for the first time; raises what `load` raises (TriageError, OSError)."""
        self._load = load
        self._one_at_a_time = threading.Lock()
        self._current = load()

    @property
    def current(self) -> Triage:
        """The rules for a call that begins now. Immutable: a call keeps them to its end."""
        return self._current

    def reload(self) -> Reloaded:
        """Load anew, which takes seconds; never raises. What is wrong with the new rules is logged and returned."""
        with self._one_at_a_time:
            before = self._current.version
            try:
                fresh = self._load()
            except LexiconError as wrong:
                place = {
                    "file": str(wrong.file),
                    "line": wrong.line,
                    "key": wrong.key,
                    "error": wrong.problem,
                }
                log.error("triage.not_reloaded", version=before, **place)  # noqa: TRY400 - the place says it all
                return Reloaded(before, before, str(wrong))
            except (TriageError, OSError) as wrong:
                log.error("triage.not_reloaded", version=before, error=str(wrong))  # noqa: TRY400
                return Reloaded(before, before, str(wrong))
            except Exception as fault:
                # A fault of ours in reading hostile rules: the rules that work stay, whatever it was.
                log.exception("triage.not_reloaded", version=before)
                return Reloaded(before, before, f"{type(fault).__name__}: {fault}")
            self._current = fresh
            log.info("triage.reloaded", before=before, now=fresh.version)
            return Reloaded(before, fresh.version)
