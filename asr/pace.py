"""How much of its threads' time a decode pool needs for a call, learned from what it has just decoded."""

from typing import Final

_HALF_LIFE_S: Final = 30.0  # after so long what was learned counts half: what else the machine does changes
_LEAST_S: Final = 10.0  # of audio that still counts; with less nothing is known
_LONGEST_TURN_S: Final = 1.0  # a turn that was longer stood still (a frozen recogniser, a paused machine)


class Pace:
    """What a second of a call's audio takes, of late; guarded by the pool's lock. Every `now_s` is of one clock."""

    def __init__(self) -> None:
        self._audio_s = 0.0
        self._spent_s = 0.0
        self._at_s = 0.0

    def note(self, audio_s: float, spent_s: float, now_s: float) -> None:
        """Remember that a thread took `spent_s` seconds for a turn with `audio_s` seconds of audio."""
        self._fade(now_s)
        self._audio_s += audio_s
        self._spent_s += min(spent_s, _LONGEST_TURN_S)

    def busy(self, calls: int, threads: int, now_s: float) -> float:
        """The share of the threads' time that so many calls take; above 1 they fall behind. 0.0 while unknown.

        The time is the clock's, not the processor's: where other programs want the cores, a call takes more of it.
        """
        self._fade(now_s)
        if self._audio_s < _LEAST_S:
            return 0.0
        return calls * self._spent_s / self._audio_s / threads

    def _fade(self, now_s: float) -> None:
        kept = 0.5 ** ((now_s - self._at_s) / _HALF_LIFE_S)
        self._audio_s *= kept
        self._spent_s *= kept
        self._at_s = now_s
