"""Chinese words: cutting text into them, and random ones for phonetic cover (from jieba's dictionary)."""

import itertools
import logging
from bisect import bisect
from functools import cache
from importlib import resources
from random import Random

import jieba

_LONGEST = 4  # characters; longer entries are names and sayings
_RAREST = 30  # occurrences in jieba's corpus


def cut(text: str) -> list[str]:
    """Cut a clause into words, always the same way (no guessing of unknown words)."""
    jieba.setLogLevel(logging.WARNING)
    return list(jieba.cut(text, HMM=False))


@cache
def frequencies() -> dict[str, int]:
    """Give every word of up to four Chinese characters with its count in jieba's corpus."""
    lines = resources.files(jieba).joinpath("dict.txt").read_text(encoding="utf-8").splitlines()
    counts: dict[str, int] = {}
    for line in lines:
        fields = line.split()
        if (
            len(fields) >= 2
            and len(fields[0]) <= _LONGEST
            and is_chinese(fields[0])
            and not _garbled(fields[0])
        ):
            counts[fields[0]] = int(fields[1])
    return counts


def is_chinese(text: str) -> bool:
    """Tell whether a text is made of common Chinese characters alone."""
    return bool(text) and all("\u4e00" <= character <= "\u9fff" for character in text)


def _garbled(word: str) -> bool:
    """Tell whether a "word" is a rare character alone.

    jieba's corpus held UTF-8 text read as GBK; its debris (鐨, 鍙, 锛 ...) counts as frequent. No such character is
    among the 3,755 common ones, the first level of GB 2312 (rows 16 to 55).
    """
    if len(word) > 1:
        return False
    code = word.encode("gb2312", "replace")
    return not 0xB0 <= code[0] <= 0xD7


def most_frequent(number: int) -> list[str]:
    """Give the most frequent words, the commonest first."""
    return sorted(frequencies(), key=lambda word: (-frequencies()[word], word))[:number]


class RandomWords:
    """Random word strings without meaning: every sound next to every other."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._words = [word for word, count in frequencies().items() if count >= _RAREST]
        # The power flattens the distribution, so that rare sounds are heard often enough.
        self._sums = list(itertools.accumulate(frequencies()[word] ** 0.4 for word in self._words))

    def write(self) -> tuple[tuple[str, ...], ...]:
        """Write 2 to 12 words in clauses."""
        clauses: list[tuple[str, ...]] = []
        clause: list[str] = []
        for _ in range(self._rng.randint(2, 12)):
            clause.append(self._words[bisect(self._sums, self._rng.random() * self._sums[-1])])
            if self._rng.random() < 0.12:
                clauses.append(tuple(clause))
                clause = []
        return (*clauses, tuple(clause)) if clause else tuple(clauses)
