"""What the lexicon's phrases are used for, and where a text has them, sorted by their use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from triage.automaton import Automaton
from triage.contexts import Span
from triage.findings import Finding
from triage.lexicon import Lexicon, Rule
from triage.spoken_text import SpokenText

SHORT = 2  # letters; only phrases this short are ambiguous enough to need word edges


@dataclass(frozen=True, slots=True)
class _Uses:
    """What a phrase is used for."""

    rule: Rule | None
    ambiguous: bool
    """Its rule counts it only as a word of its own."""
    word: bool
    """It is a word of combinations."""
    foreign: bool
    """A number or a foreign word."""
    lists: tuple[str, ...]
    """The lists of `Hits` that it goes to, by their names."""


@dataclass(slots=True)
class Hits:
    """The hits in one text."""

    count: int
    """All of them, sorted or passed over."""
    open_from: int
    """Letters from here on may still turn out to be the beginning of a harmless context."""
    clear: list[Finding] = field(default_factory=list)
    """What plain rules say."""
    ambiguous: list[Finding] = field(default_factory=list)
    """The same where a phrase is short enough to be part of another word."""
    words: dict[int, list[int]] = field(default_factory=dict)
    """Where each word of a combination ends, by the number of the phrase."""
    harmless: list[Span] = field(default_factory=list)
    handover: list[Span] = field(default_factory=list)
    abuse: list[Span] = field(default_factory=list)
    negators: list[Span] = field(default_factory=list)
    deniable: list[Span] = field(default_factory=list)


class HitFinder:
    """All phrases of a lexicon, compiled. Immutable after construction."""

    def __init__(self, lexicon: Lexicon, combinations: Sequence[Rule]) -> None:
        self.phrases = tuple(sorted(lexicon.phrases() | lexicon.abuse.words))
        self.words = self._words(combinations)
        """For each word of a combination, by the number of the phrase: (number of the combination, slot)."""
        self._automaton = Automaton(self.phrases, watched=lexicon.harmless)
        lists = {
            "harmless": lexicon.harmless,
            "handover": lexicon.handover,
            "abuse": lexicon.abuse.words,
            "negators": lexicon.negation.words,
            "deniable": lexicon.negatable,
        }
        plain = {phrase: rule for rule in lexicon.rules if len(rule.slots) == 1 for phrase in rule.slots[0]}
        self._uses = [
            _Uses(
                rule=(rule := plain.get(phrase)),
                ambiguous=len(phrase) == 1 or (rule is not None and rule.boundary and len(phrase) <= SHORT),
                word=number in self.words,
                foreign=phrase.isascii(),
                lists=tuple(name for name, listed in lists.items() if phrase in listed),
            )
            for number, phrase in enumerate(self.phrases)
        ]
        self._only_word = bytes(
            uses.word and not (uses.rule or uses.foreign or uses.lists) for uses in self._uses
        )
        """By the number of the phrase: nearly all hits are words of combinations and nothing else."""

    def _words(self, combinations: Sequence[Rule]) -> dict[int, list[tuple[int, int]]]:
        numbers = {phrase: number for number, phrase in enumerate(self.phrases)}
        words: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for combination, rule in enumerate(combinations):
            for slot, phrases in enumerate(rule.slots):
                for phrase in phrases:
                    words[numbers[phrase]].append((combination, slot))
        return dict(words)

    def find(self, spoken: SpokenText) -> Hits:
        """Find every phrase in a text."""
        scan = self._automaton.scan(spoken.letters)
        hits = Hits(len(scan.hits), scan.open_from)
        for last, number in scan.hits:
            if self._only_word[number]:
                hits.words.setdefault(number, []).append(last + 1)
            else:
                self._sort(spoken, number, last + 1, hits)
        return hits

    def _sort(self, spoken: SpokenText, number: int, end: int, hits: Hits) -> None:
        uses, phrase = self._uses[number], self.phrases[number]
        start = end - len(phrase)
        if uses.foreign and not _stands_alone(spoken.letters, start, end):
            return
        if rule := uses.rule:
            finding = Finding(start, end, rule, phrase, rule.weight, by_sound=False, last_start=start)
            (hits.ambiguous if uses.ambiguous else hits.clear).append(finding)
        if uses.word:
            hits.words.setdefault(number, []).append(end)
        for name in uses.lists:
            if name != "harmless" or spoken.joined(start, end):
                getattr(hits, name).append((start, end))


def _stands_alone(letters: str, start: int, end: int) -> bool:
    """Tell whether a number or a foreign word is not part of a longer one: 120 is not in 1200, sos not in isos."""
    before, after = letters[start - 1 : start], letters[end : end + 1]
    return not (before.isascii() and before) and not (after.isascii() and after)
