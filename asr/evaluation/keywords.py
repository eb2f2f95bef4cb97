"""The words that matter: found in what was said and in what was heard, to tell how many came through.

The files are not understood, only searched for runs of Chinese characters: triage's lexicon, or any list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import ahocorasick

_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_WORD = re.compile(r"[\u4e00-\u9fff]{2,16}")


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
        files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        texts = [_COMMENT.sub("", file.read_text(encoding="utf-8")) for file in files]
        words = {word for text in texts for word in _WORD.findall(text)}
        return cls(words) if words else None

    def count(self, text: str) -> Counter[str]:
        """How often each word stands in a text."""
        return Counter(word for _, word in self._automaton.iter_long(text))
