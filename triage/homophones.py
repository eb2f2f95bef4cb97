"""Words that sound like a word: what a recogniser may write instead of it. What sounds alike is `triage.sounds`."""

from __future__ import annotations

from collections import defaultdict

from triage.sounds import sound_table
from triage.word_boundaries import Segmenter

_KNOWN = 5  # times in jieba's counts: rarer words are in no recogniser's vocabulary
_KNOWN_CHARACTER = 300  # the same for single characters, which jieba counts for the rarest, too
_LONGEST = 4  # letters
_SAME, _CONFUSED = 8, 4  # likenesses of one word: of the same syllables, and of confused ones


class Homophones:
    """jieba's dictionary by its sounds. Immutable after construction, which takes about two seconds."""

    def __init__(self) -> None:
        self._table = sound_table()
        self._segmenter = Segmenter(())
        self._frequency = self._segmenter.frequencies
        self._alike: dict[str, list[str]] = defaultdict(list)
        for word, frequency in self._frequency.items():
            if frequency >= (_KNOWN if len(word) > 1 else _KNOWN_CHARACTER) and len(word) <= _LONGEST:
                self._alike[self._table.write(word)].append(word)

    def of(self, word: str) -> tuple[str, ...]:
        """Return other words that sound like this one, the likeliest first: the same syllables, then confused ones."""
        written = self._table.write(word)
        if "\0" in written:  # foreign letters have no sound here
            return ()
        said = self._table.heard(word)
        alike = [other for other in self._alike.get(written, ()) if other != word]
        alike.sort(key=lambda other: (-self._frequency[other], other))
        same = [other for other in alike if self._table.heard(other) == said]
        confused = [other for other in alike if self._table.heard(other) != said]
        return *same[:_SAME], *confused[:_CONFUSED]

    def words(self, text: str) -> list[str]:
        """Cut a text into the dictionary's words; the words joined are the text again."""
        return self._segmenter.segment(text)
