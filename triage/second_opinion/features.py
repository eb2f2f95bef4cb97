"""What training counts, and the model finds again: runs of one to three characters, and of two and three sounds.

Sounds are those of `triage.sounds`, confusions taken together, so that a word heard as its homophone still counts.
"""

from __future__ import annotations

from collections.abc import Iterator

LONGEST = 3
SHORTEST_SOUND = 2  # one syllable alone means too many things


def grams(letters: str, sounds: str) -> Iterator[tuple[str, int, int]]:
    """Yield (gram, start, end) for folded letters and their sound symbols, of equal length.

    Grams of sounds consist of private-use symbols, so the two kinds never meet. Repeated ones are yielded each time.
    """
    count = len(letters)
    for start in range(count):
        for end in range(start + 1, min(start + LONGEST, count) + 1):
            yield letters[start:end], start, end
            if end - start >= SHORTEST_SOUND:
                yield sounds[start:end], start, end
