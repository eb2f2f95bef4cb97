"""The rules and the county's places in use, and how they are replaced while calls go on: all of them or none.

A call is decided by the rules that were in use when its dialogue began. New ones are loaded beside the old ones, off
the event loop, and take their place only when they are sound.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from ivr.control import Reloaded
from triage.engine import Triage
from triage.errors import LexiconError, TriageError
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import GazetteerError
from triage.facts.place_answers import PlaceAnswers

log = structlog.get_logger(__name__)


class LiveRules:
    """Holds the rules that calls beginning now are decided by. Thread-safe."""

    def __init__(
        self,
        load: Callable[[], Triage],
        load_facts: Callable[[], FactFinder] = FactFinder,
        *,
        load_last: Callable[[], Triage] | None = None,
    ) -> None:
        """Load for the first time; raises what `load` raises (TriageError, OSError).

        `load_last`: the rules to begin with where those are not sound. Without a sound list of places calls are
        answered as well: what `load_facts` raises is logged.
        """
        self._load = load
        self._load_facts = load_facts
        self._one_at_a_time = threading.Lock()
        self._current = _first(load, load_last)
        try:
            self._facts = load_facts()
        except (TriageError, OSError) as error:
            log.error("gazetteer.unusable", error=str(error))  # noqa: TRY400 - the reason says it all
            self._facts = FactFinder()
        self._places = PlaceAnswers(self._facts)

    @property
    def current(self) -> Triage:
        """The rules for a call that begins now. Immutable: a call keeps them to its end."""
        return self._current

    @property
    def facts(self) -> FactFinder:
        """Finds what helps the taker in a call's words, with the county's places where there is a list of them."""
        return self._facts

    @property
    def places(self) -> PlaceAnswers:
        """Reads what a recogniser heard that is bound to the county's places. Immutable, as `current` is."""
        return self._places

    def reload(self) -> Reloaded:
        """Load anew, which takes seconds; never raises. What is wrong with the new rules is logged and returned."""
        with self._one_at_a_time:
            before = self._current.version
            try:
                fresh, facts = self._load(), self._load_facts()
            except (LexiconError, GazetteerError) as wrong:
                place = {"file": str(wrong.file), "line": wrong.line, "error": wrong.problem}
                if isinstance(wrong, LexiconError):
                    place["key"] = wrong.key
                log.error("triage.not_reloaded", version=before, **place)  # noqa: TRY400 - the place says it all
                return Reloaded(before, before, str(wrong))
            except (TriageError, OSError) as wrong:
                log.error("triage.not_reloaded", version=before, error=str(wrong))  # noqa: TRY400
                return Reloaded(before, before, str(wrong))
            except Exception as fault:
                # A fault of ours in reading hostile rules: the rules that work stay, whatever it was.
                log.exception("triage.not_reloaded", version=before)
                return Reloaded(before, before, f"{type(fault).__name__}: {fault}")
            self._current, self._facts, self._places = fresh, facts, PlaceAnswers(facts)
            log.info("triage.reloaded", before=before, now=fresh.version)
            return Reloaded(before, fresh.version)


def _first(load: Callable[[], Triage], load_last: Callable[[], Triage] | None) -> Triage:
    """The rules to begin with: the present ones, else those that were sound last.

    Whatever goes wrong with the present ones, a fault of ours in reading hostile rules included (as in `reload`).
    """
    try:
        return load()
    except Exception as wrong:
        try:
            last = load_last() if load_last else None
        except (TriageError, OSError) as none:
            log.info("triage.none_kept", reason=str(none))
            last = None
        if last is None:
            raise
        log.error("triage.last_rules", version=last.version, error=str(wrong))  # noqa: TRY400 - the reason says it all
        return last
