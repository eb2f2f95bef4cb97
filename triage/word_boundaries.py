"""Where words begin and end, as jieba segments a text that knows the lexicon's phrases."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise

import jieba

from triage.spoken_text import SpokenText

_PHRASE_FREQUENCY = 30  # of 60 million: a known word, yet no stronger than the dictionary's own rare words
_BLOCK = 48  # letters segmented at once: long texts are read only where a question is asked
_MARGIN = 12  # letters around a block: longer than any phrase that may straddle its edge


@cache
def _dictionary() -> tuple[dict[str, int], int]:
    """Read jieba's dictionary, about a second, once a process: word → frequency, and their sum."""
    tokenizer = jieba.Tokenizer()
    read: tuple[dict[str, int], int] = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    return read


class Segmenter:
    """A tokenizer of its own: jieba's global one, and its cache file in the temp folder, are never touched."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take jieba's dictionary and add the phrases of two characters and more."""
        tokenizer = jieba.Tokenizer()
        self._dictionary, tokenizer.total = _dictionary()
        tokenizer.FREQ = self._dictionary.copy()
        tokenizer.initialized = True
        for phrase in phrases:
            if len(phrase) > 1 and not self.is_dictionary_word(phrase):
                tokenizer.add_word(phrase, _PHRASE_FREQUENCY)
        self._tokenizer = tokenizer

    def segment(self, letters: str) -> list[str]:
        """Cut a text into words; the words joined are the text again. No guessing of unknown words (no HMM)."""
        return list(self._tokenizer.cut(letters, HMM=False))

    @property
    def frequencies(self) -> Mapping[str, int]:
        """How often jieba's counts have each word; 0 for what is only the beginning of longer ones."""
        frequencies: Mapping[str, int] = self._tokenizer.FREQ
        return frequencies

    def is_dictionary_word(self, letters: str) -> bool:
        """Tell whether jieba's own dictionary has this word."""
        return self._dictionary.get(letters, 0) > 0

    def open(self, spoken: SpokenText) -> WordEdges:
        """Prepare for questions about one text; nothing is segmented before the first question."""
        return WordEdges(self, spoken)


class WordEdges:
    """The word edges of one text, found block by block as they are asked for. A pause is always an edge."""

    def __init__(self, segmenter: Segmenter, spoken: SpokenText) -> None:
        self._segmenter = segmenter
        self._spoken = spoken
        self._pauses: list[int] | None = None
        self._blocks: dict[int, frozenset[int]] = {}

    def are_edges(self, start: int, end: int) -> bool:
        """Tell whether a word begins at `start` and one ends at `end`."""
        return start in self._edges(start) and end in self._edges(end)

    def _edges(self, place: int) -> frozenset[int]:
        block = place // _BLOCK
        known = self._blocks.get(block)
        if known is None:
            first = max(0, block * _BLOCK - _MARGIN)
            last = min(len(self._spoken.letters), (block + 1) * _BLOCK + _MARGIN)
            edges = {first}
            for start, end in pairwise([first, *self._pauses_between(first, last), last]):
                at = start
                for word in self._segmenter.segment(self._spoken.letters[start:end]):
                    at += len(word)
                    edges.add(at)
            known = self._blocks[block] = frozenset(edges)
        return known

    def _pauses_between(self, first: int, last: int) -> list[int]:
        if self._pauses is None:
            self._pauses = sorted(self._spoken.pauses())
        return self._pauses[bisect_right(self._pauses, first) : bisect_left(self._pauses, last)]
