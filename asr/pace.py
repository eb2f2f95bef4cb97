"""How much of its threads' time a decode pool needs for a call, learned from what it has decoded."""

from typing import Final

_REMEMBERED_S: Final = (
    300.0  # of audio: ten seconds of thirty calls, so that one stall does not turn calls away
)
_LEAST_S: Final = 10.0  # of audio; before that nothing is known


class Pace:
    """The running mean of the time that a second of a call's audio takes; guarded by the pool's lock."""

    def __init__(self) -> None:
        self._audio_s = 0.0
        self._spent_s = 0.0

    def note(self, audio_s: float, spent_s: float) -> None:
        """Remember that a thread took `spent_s` seconds for `audio_s` seconds of audio."""
        kept = max(0.0, 1 - audio_s / _REMEMBERED_S)
        self._audio_s = self._audio_s * kept + audio_s
        self._spent_s = self._spent_s * kept + spent_s

    def busy(self, calls: int, threads: int) -> float:
        """The share of the threads' time that so many calls take; above 1 they fall behind. 0.0 while unknown.

        The time is the clock's, not the processor's: where other programs want the cores, a call takes more of it.
        """
        if self._audio_s < _LEAST_S:
            return 0.0
        return calls * self._spent_s / self._audio_s / threads
