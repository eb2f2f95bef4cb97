"""Finding phrases by their sound where the recogniser wrote other characters.

A sound weighs less than characters do, and less still when it needs a confusion (前街 for 抢劫) than when the toneless
syllables are the same (强节). It counts only where the written characters are no words themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from triage.automaton import Automaton
from triage.decision import Route
from triage.findings import Finding
from triage.lexicon import Lexicon, Rule
from triage.sounds import SoundTable, syllables
from triage.spoken_text import SpokenText
from triage.word_boundaries import Segmenter, WordEdges

_EXACT = 0.8  # of the rule's weight: same syllables, other characters
_CONFUSED = 0.6  # of the rule's weight: same only after the usual confusions
_EXACT_SHORT = (
    0.6  # of the rule's weight: two syllables are soon alike by chance; confused ones do not count at all
)
_TELLING = 4  # syllables; from here on a chance likeness is rare, whatever words the characters form
_SHORT = 2


class SoundMatcher:
    """The phrases that are matched by sound, compiled. Immutable after construction."""

    def __init__(self, lexicon: Lexicon, table: SoundTable, segmenter: Segmenter) -> None:
        self._table = table
        self._segmenter = segmenter
        self._meant: dict[str, list[tuple[str, frozenset[tuple[str, ...]], Rule]]] = defaultdict(list)
        for rule in lexicon.rules:
            if len(rule.slots) > 1:
                continue
            for phrase in rule.slots[0]:
                if len(phrase) > _SHORT or (len(phrase) == _SHORT and rule.sounds and _is_police(rule)):
                    # 着 is zhao in 着火, yet a lone 着 is read zhe: both ways of reading count as the phrase's own
                    readings = frozenset({syllables(phrase), table.heard(phrase)})
                    for written in {table.write_syllables(reading) for reading in readings}:
                        if written:
                            self._meant[written].append((phrase, readings, rule))
        self._automaton = Automaton(self._meant)

    def find(
        self,
        spoken: SpokenText,
        known: Sequence[tuple[int, int]],
        edges: WordEdges,
        wanted: Collection[Route],
    ) -> tuple[list[Finding], int]:
        """Return what is heard outside the stretches already known by their characters, and the steps taken.

        Only fields of the wanted routes are looked for.
        """
        if not wanted:
            return [], 0
        letters = spoken.letters
        scan = self._automaton.scan(self._table.write(letters))
        taken = bytearray(len(letters))
        for start, end in known:
            taken[start:end] = b"\1" * (end - start)
        found: list[Finding] = []
        for last, index in scan.hits:
            written = self._automaton.patterns[index]
            start, end = last + 1 - len(written), last + 1
            if all(taken[start:end]):
                continue
            meant = [f for f in self._alike(letters, start, end, written) if f.rule.field.route in wanted]
            if meant and self._plausible(spoken, start, end, edges):  # last, because jieba is slow
                found += meant
        return found, len(letters) + len(scan.hits)

    def _alike(self, letters: str, start: int, end: int, written: str) -> Iterator[Finding]:
        """Yield the other phrases that a stretch sounds like."""
        said = letters[start:end]
        heard = self._table.heard(said)
        for phrase, readings, rule in self._meant[written]:
            exact = heard in readings
            if said == phrase or (len(phrase) == _SHORT and not exact):
                continue
            share = _CONFUSED if not exact else _EXACT_SHORT if len(phrase) == _SHORT else _EXACT
            weight = rule.weight * share
            yield Finding(start, end, rule, phrase, weight, by_sound=True, last_start=start)

    def _plausible(self, spoken: SpokenText, start: int, end: int, edges: WordEdges) -> bool:
        """Tell whether it may be a mishearing: no dictionary word, and a short one in one breath, cut at word edges."""
        if self._segmenter.is_dictionary_word(spoken.letters[start:end]):
            return False
        return end - start >= _TELLING or (spoken.joined(start, end) and edges.are_edges(start, end))


def _is_police(rule: Rule) -> bool:
    """Tell whether a chance likeness of this rule's short phrases would at worst keep a caller on the line."""
    return rule.field.route is Route.POLICE
