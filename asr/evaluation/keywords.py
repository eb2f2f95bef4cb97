"""The words that matter: found in what was said and in what was heard, to tell how many came through."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import ahocorasick
import yaml

from asr.errors import KeywordsUnreadable
from asr.phrases import lexicon_files, read_phrases
from asr.utterance import UNKNOWN, Word

_NOT_SPOKEN = re.compile(r"[\W_]+")
_DECIDING: Final = 0.8
"""Weight of a rule from which on one of its phrases is enough for police; lighter ones, and words that count together
only (有人, 后面), stand in every talk."""


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
        """Those of a text file, or the deciding ones of a lexicon's folder; None when there are none.

        Raises OSError, and KeywordsUnreadable for a lexicon that is none.
        """
        phrases = _deciding(lexicon_files(path)) if path.is_dir() else read_phrases([path])
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


def _deciding(paths: Iterable[Path]) -> Iterator[str]:
    """The phrases of all heavy rules in files of the form `rules: [{phrases: […], weight: 1.0}]`."""
    for path in paths:
        try:
            content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
            for rule in content["rules"]:
                if rule["weight"] >= _DECIDING:
                    yield from map(str, rule.get("phrases", ()))
        except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise KeywordsUnreadable(
                f"{path}：读不出警情词语（{error}）。要的是 rules: [{{phrases: […], weight: 1.0}}]；"
                "或用 --keywords 给一个文本文件。"
            ) from error
