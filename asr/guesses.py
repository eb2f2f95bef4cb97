"""What a list of guesses at one utterance says: how sure each word of the best one is, and what else it may have been.

A recogniser that lists its guesses gives each a score and no word a confidence. The scores are natural logarithms, so
the share of a guess is the softmax of them, and a character is as sure as the guesses that have it are together. If the
list is long that is nearly as good as libvosk's own confidences: docs/speech-quality.md has the figures.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from asr.utterance import UNKNOWN, Alternative, Word, join
from asr.vosk_json import Heard


def understood(guesses: Sequence[tuple[Heard, float]], keep: int) -> tuple[Heard, tuple[Alternative, ...]]:
    """Return the best guess, its words with confidences, and up to `keep` other texts, likeliest first.

    `guesses` come best first, one at least, each with its score.
    """
    best = guesses[0][0]
    shares: dict[str, float] = defaultdict(float)
    for (guess, _), share in zip(guesses, _shares([score for _, score in guesses]), strict=True):
        shares[join(guess.tokens)] += share
    text = join(best.tokens)
    words = _with_confidence(best.words, shares)
    others = sorted(((t, s) for t, s in shares.items() if t != text), key=lambda other: -other[1])
    return Heard(best.tokens, words), tuple(Alternative(t, min(1.0, s)) for t, s in others[:keep])


def _shares(scores: Sequence[float]) -> list[float]:
    """Softmax."""
    best = max(scores)
    powers = [math.exp(score - best) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def _with_confidence(words: Sequence[Word], shares: dict[str, float]) -> tuple[Word, ...]:
    """Give each word the mean share of the texts in which its characters stand."""
    letters = join(word.text for word in words)
    agreed = [0.0] * len(letters)
    for text, share in shares.items():
        for block in Levenshtein.opcodes(letters, text):
            if block.tag == "equal":
                for place in range(block.src_start, block.src_end):
                    agreed[place] += share
    known: list[Word] = []
    at = 0
    for word in words:
        if word.text == UNKNOWN:
            known.append(word)
            continue
        at += letters.startswith(" ", at)  # between Latin words
        sure = agreed[at : at + len(word.text)]
        at += len(word.text)
        known.append(replace(word, confidence=min(1.0, sum(sure) / len(sure))))
    return tuple(known)
