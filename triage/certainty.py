"""How sure the recogniser was of each letter."""

from __future__ import annotations

from collections.abc import Sequence

from triage.spoken_text import fold


def letter_certainty(letters: str, words: Sequence[tuple[str, float]]) -> list[float] | None:
    """Spread the words' confidences (0..1) over the letters; None when no words are given.

    Words are looked for in order; letters that no word explains count as certain, words that are not in the text
    are passed over. A confidence that is no number counts as 0.
    """
    if not words:
        return None
    spread = [1.0] * len(letters)
    at = 0
    for word, confidence in words:
        said = fold(word).letters
        found = letters.find(said, at) if said else -1
        if found < 0:
            continue
        at = found + len(said)
        sure = min(1.0, confidence) if confidence >= 0 else 0.0
        spread[found:at] = [sure] * len(said)
    return spread
