"""The words that matter: found in what was said and in what was heard, to tell how many came through."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import ahocorasick

from asr.phrases import lexicon_files, read_phrases
from asr.utterance import UNKNOWN, Word

_NOT_SPOKEN = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """What of a text is spoken: no signs, no spaces."""
    return _NOT_SPOKEN.sub("", text)


class Keywords:
    """A set of words, compiled. Of words that overlap the longest counts."""

    def __init__(self, words: Iterable[str]) -> None:
        """`words`: at least one."""
        self._automaton = ahocorasick.Automaton()
        for word in words:
            self._automaton.add_word(word, word)
        self._automaton.make_automaton()

    @classmethod
    def of(cls, path: Path) -> Keywords | None:
        """Those of a file, or of all .yaml files below a folder; None when there are none. Raises OSError."""
        phrases = read_phrases(lexicon_files(path) if path.is_dir() else [path])
        words = [phrase for phrase in phrases if len(phrase) > 1]
        return cls(words) if words else None

    def count(self, text: str) -> Counter[str]:
        """How often each word stands in a text."""
        return Counter(word for _, word in self._automaton.iter_long(text))

    def heard(self, words: Iterable[Word]) -> list[tuple[str, float]]:
        """Those in a recogniser's words, each as sure as the least sure of the words that it spans (0..1)."""
        sure = [
            (letter, word.confidence)
            for word in words
            if word.text != UNKNOWN
            for letter in letters(word.text)
        ]
        text = "".join(letter for letter, _ in sure)
        return [
            (found, min(confidence for _, confidence in sure[last + 1 - len(found) : last + 1]))
            for last, found in self._automaton.iter_long(text)
        ]
