"""Read what libvosk answers: JSON written by hand in C++, which is not always JSON.

Seen or possible: confidence `nan` or `-nan`, words with bytes that are not UTF-8, a result without words.
Whatever comes, the text is saved when it can be, and nothing is raised.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asr.utterance import UNKNOWN, Word

# How models spell the word for a sound outside their vocabulary.
_UNKNOWN_SPELLINGS = frozenset({"[unk]", "<unk>", "<UNK>", "[UNK]", "<SPOKEN_NOISE>", "[FIL]", "<spn>"})


@dataclass(frozen=True, slots=True)
class Heard:
    """A parsed answer: `tokens` of the text in order, `words` with times as far as libvosk gave them."""

    tokens: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()


def parse(answer: str, *, text: str, words: str) -> Heard | None:
    """Parse one answer of libvosk; `text` and `words` name its keys ("text"/"result" or "partial"/...).

    Returns None when the answer is not a JSON object at all.
    """
    told = _object(answer)
    return None if told is None else _heard(told, text, words)


def parse_guesses(answer: str) -> tuple[tuple[Heard, float], ...] | None:
    """Parse a final answer with alternatives: what was heard, and its score, a natural logarithm; best first.

    Words have no confidence in it, and only those of the first guess, which is what was heard, are read. A later guess
    without a score is left out. Returns None when the answer has no list of alternatives.
    """
    told = _object(answer)
    listed = told.get("alternatives") if told else None
    if not isinstance(listed, list):
        return None
    guesses = [(guess, _number(guess.get("confidence"))) for guess in listed if isinstance(guess, Mapping)]
    best = next((score for _, score in guesses if score is not None), 0.0)
    return tuple(
        (_heard(guess, "text", None if number else "result"), best if score is None else score)
        for number, (guess, score) in enumerate(guesses)
        if score is not None or number == 0
    )


def agreeing(words: Sequence[Word], tokens: Sequence[str]) -> tuple[Word, ...]:
    """Return the leading words that say the same as the leading tokens."""
    count = 0
    for word, token in zip(words, tokens, strict=False):
        if word.text != token:
            break
        count += 1
    return tuple(words[:count])


def _object(answer: str) -> Mapping[str, object] | None:
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _heard(told: Mapping[str, object], text: str, words: str | None) -> Heard:
    line, listed = told.get(text), told.get(words) if words else None
    tokens = tuple(_known(token) for token in line.split()) if isinstance(line, str) else ()
    found = tuple(filter(None, map(_word, listed))) if isinstance(listed, list) else ()
    return Heard(tokens, found)


def _word(entry: object) -> Word | None:
    """Make a Word of one entry of the list; None when it has no text or no times."""
    if not isinstance(entry, Mapping):
        return None
    text = entry.get("word")
    start = _number(entry.get("start"))
    end = _number(entry.get("end"))
    if not isinstance(text, str) or not text.strip() or start is None or end is None:
        return None
    text = _known(text.strip())
    confidence = 0.0 if text == UNKNOWN else _number(entry.get("conf")) or 0.0
    start = max(0.0, start)
    return Word(text, start, max(start, end), min(1.0, max(0.0, confidence)))


def _known(token: str) -> str:
    """Give every spelling of the unknown word the same text."""
    return UNKNOWN if token in _UNKNOWN_SPELLINGS else token


def _number(value: object) -> float | None:
    """Return a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
