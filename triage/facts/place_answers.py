"""Places in what a recogniser heard that knows nothing but the list's names and a few words around them.

Such a recogniser hears a name far better than the dictation does, and in sounds that are none too. So a name counts
only where it was heard surely, and with its ending (和平镇, 和平路) or after 在: 和平 alone fits too many sounds. And
where most of what was heard are pieces of names (岗 通 埠 金 闽), something else was said, and no name in it counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from triage.facts.fact import Fact, Level, Part
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import names_of

SURE = 0.9
"""From this confidence on a word counts (docs/speech-quality.md)."""
_AROUND = ("我", "在", "我在", "就在", "是", "的", "这边", "这里", "家", "我家", "旁边", "附近", "门口")
_MOST = 2000  # names; made in 0.01 s a call. Of a longer list the widest places
_WITH_ENDING = 3  # letters at least: of two, 和平 or 银泰, the second is no ending that would tell
_LONGEST = 40  # words of a phrase; as many as a name may have letters
_ORDER = {level: number for number, level in enumerate(Level)}


class PlaceAnswers:
    """Reads answers to the question for the place. Immutable after construction, so all calls share one."""

    def __init__(self, finder: FactFinder) -> None:
        """`finder`: the one whose list of places is meant."""
        self._finder = finder
        listed = sorted(finder.gazetteer.places, key=lambda place: _ORDER[place.level])
        named = [(name, is_stem) for name, _, is_stem in names_of(listed)]
        self._names = frozenset(name for name, _ in named)
        self._listed = self._names | {place.name for place in listed}
        self._full = frozenset(n for n, is_stem in named if not is_stem and len(n) >= _WITH_ENDING)
        names = list(dict.fromkeys(name for name, _ in named))
        self.left_out = max(0, len(names) - _MOST)
        """So many names were too many."""
        self.phrases: tuple[str, ...] = (*names[:_MOST], *_AROUND) if names else ()
        """What the recogniser is to be bound to; nothing without a list."""
        self._known = frozenset(self.phrases)

    def has_listed(self, text: str) -> bool:
        """Tell whether the dictation of an answer has a place of the list; 洪东镇 may be what it made of one."""
        return any(part.value in self._listed for fact in self._finder.find(text) for part in fact.parts)

    def read(self, words: Sequence[tuple[str, float]]) -> tuple[tuple[Fact, float], ...]:
        """Return the places in these words, each with the least confidence of its words, 0..1.

        Each word comes with the recogniser's confidence. The offsets of a fact count in the sure words, a comma for
        others between them.
        """
        if self._is_scattered([word for word, _ in words]):
            return ()
        text = ""
        spans: list[tuple[int, int, float]] = []
        for word, confidence in words:
            if confidence < SURE:
                text += "" if text.endswith("，") or not text else "，"
                continue
            spans.append((len(text), len(text) + len(word), confidence))
            text += word
        return tuple(
            (fact, min(sure for start, end, sure in spans if start < fact.end and end > fact.start))
            for fact in self._finder.find(text)
            if any(self._counts(text, part) for part in fact.parts)
        )

    def _is_scattered(self, words: Sequence[str]) -> bool:
        """Tell whether most of the words make no phrase together with those beside them."""
        at = pieces = 0
        while at < len(words):
            ends = range(min(len(words), at + _LONGEST), at, -1)
            end = next((end for end in ends if "".join(words[at:end]) in self._known), 0)
            pieces += not end
            at = end or at + 1
        return pieces * 2 > len(words)

    def _counts(self, text: str, part: Part) -> bool:
        said = text[part.start : part.end]
        return said in self._full or (said in self._names and text.endswith("在", 0, part.start))
