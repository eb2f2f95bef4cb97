"""Other readings of what several utterances say together."""

from collections.abc import Callable, Iterable, Sequence
from heapq import nlargest

from asr.utterance import Alternative, Utterance

MOST = 10
"""Readings of one text that are kept: with each, deciding takes as long again."""


def of_all(
    parts: Sequence[Utterance], write: Callable[[Iterable[str]], str], most: int = MOST
) -> tuple[Alternative, ...]:
    """Return the likeliest readings of all parts written as one text, likeliest first.

    Each takes one part in another reading and the others as they are: what two parts may both have been otherwise is
    told by two readings, and there are never more of them than the parts have. A share is that of the part's reading.
    """
    readings = [(number, other) for number, part in enumerate(parts) for other in part.alternatives]
    likeliest = nlargest(most, readings, key=lambda reading: reading[1].share)
    texts = [part.text for part in parts]
    return tuple(
        Alternative(write([*texts[:number], other.text, *texts[number + 1 :]]), other.share)
        for number, other in likeliest
    )
