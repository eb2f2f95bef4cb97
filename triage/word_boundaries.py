"""Where words begin and end, as jieba segments a text that knows the lexicon's phrases."""

from __future__ import annotations

from collections.abc import Iterable

import jieba

_PHRASE_FREQUENCY = 30  # of 60 million: a known word, yet no stronger than the dictionary's own rare words
_BLOCK = 48  # letters segmented at once: long texts are read only where a question is asked
_MARGIN = 12  # letters around a block: longer than any phrase that may straddle its edge


class Segmenter:
    """A tokenizer of its own: jieba's global one, and its cache file in the temp folder, are never touched."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Read jieba's dictionary (about a second) and add the phrases of two characters and more."""
        tokenizer = jieba.Tokenizer()
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
        tokenizer.initialized = True
        self._dictionary = frozenset(word for word, frequency in tokenizer.FREQ.items() if frequency)
        for phrase in phrases:
            if len(phrase) > 1 and phrase not in self._dictionary:
                tokenizer.add_word(phrase, _PHRASE_FREQUENCY)
        self._tokenizer = tokenizer

    def segment(self, letters: str) -> list[str]:
        """Cut a text into words; the words joined are the text again. No guessing of unknown words (no HMM)."""
        return list(self._tokenizer.cut(letters, HMM=False))

    def is_dictionary_word(self, letters: str) -> bool:
        """Tell whether jieba's own dictionary has this word."""
        return letters in self._dictionary

    def open(self, letters: str) -> WordEdges:
        """Prepare for questions about one text; nothing is segmented before the first question."""
        return WordEdges(self, letters)


class WordEdges:
    """The word edges of one text, found block by block as they are asked for."""

    def __init__(self, segmenter: Segmenter, letters: str) -> None:
        self._segmenter = segmenter
        self._letters = letters
        self._blocks: dict[int, frozenset[int]] = {}

    def are_edges(self, start: int, end: int) -> bool:
        """Tell whether a word begins at `start` and one ends at `end`."""
        return start in self._edges(start) and end in self._edges(end)

    def _edges(self, place: int) -> frozenset[int]:
        block = place // _BLOCK
        known = self._blocks.get(block)
        if known is None:
            first = max(0, block * _BLOCK - _MARGIN)
            edges = {first}
            at = first
            for word in self._segmenter.segment(self._letters[first : (block + 1) * _BLOCK + _MARGIN]):
                at += len(word)
                edges.add(at)
            known = self._blocks[block] = frozenset(edges)
        return known
