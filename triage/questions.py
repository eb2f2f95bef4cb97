"""The one question that may follow an unclear utterance, and what the answer to it says."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from triage.lexicon import Answers
from triage.spoken_text import fold


class Question(StrEnum):
    """What to ask. Each is asked once at most, and none offers a menu (law 3)."""

    AGAIN = "again"
    """Nothing that was said names a matter: what has happened?"""
    DANGER = "danger"
    """Something was named: is anybody hurt or in danger?"""
    PLACE = "place"
    """Somebody is asked to come and nothing else is said: where to?"""


class Danger(StrEnum):
    """What the caller said when asked about danger."""

    UNKNOWN = "unknown"
    """Not asked, or answered with a clear request, which counts as any other words."""
    UNANSWERED = "unanswered"
    """Asked, and nothing was understood that is a yes, a no or a clear request: that denies nothing."""
    CONFIRMED = "confirmed"
    DENIED = "denied"


class AnswerReader:
    """Reads yes and no. Immutable after construction.

    A denial helps to free a caller, so it must be one: `没有，就是水管的问题` is, `没有办法出去` is not.
    """

    def __init__(self, answers: Answers) -> None:
        self._yes, self._no = _longest_first(answers.yes), _longest_first(answers.no)
        self._fillers = _longest_first(answers.fillers)
        self._goes_on = answers.goes_on

    def read(self, text: str) -> Danger:
        """Tell what an answer says; any text, never raises."""
        spoken = fold(text)
        letters, begin = spoken.letters, 0
        while filler := _prefix(letters, begin, self._fillers):
            begin += len(filler)
        if no := _prefix(letters, begin, self._no):
            return Danger.DENIED if self._ends(letters, begin + len(no), self._no) else Danger.UNKNOWN
        if yes := _prefix(letters, begin, self._yes):
            return Danger.CONFIRMED if self._ends(letters, begin + len(yes), self._yes) else Danger.UNKNOWN
        return Danger.UNKNOWN

    def _ends(self, letters: str, at: int, again: tuple[str, ...]) -> bool:
        """Tell whether the answer is over here, said again, or followed by words that go on to the matter."""
        while more := _prefix(letters, at, self._fillers) or _prefix(letters, at, again):
            at += len(more)
        return at == len(letters) or letters.startswith(self._goes_on, at)


def _longest_first(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))


def _prefix(letters: str, at: int, phrases: tuple[str, ...]) -> str:
    return next((phrase for phrase in phrases if letters.startswith(phrase, at)), "")
