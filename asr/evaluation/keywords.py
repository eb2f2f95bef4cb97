"""The words that matter: found in what was said and in what was heard, to tell how many came through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import ahocorasick

from asr.phrases import lexicon_files, read_phrases


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
