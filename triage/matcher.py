"""Finding the lexicon in a text: characters first, then sounds, then what cancels them.

Everything is found in one pass over the characters and one over their sounds; jieba is asked only about the few
places where a word's edge matters.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from triage.automaton import Automaton
from triage.combinations import Completeness, combinations
from triage.contexts import Shelter, Span, denials
from triage.decision import Route
from triage.findings import Analysis, Finding
from triage.lexicon import Lexicon, Rule
from triage.sound_matcher import SoundMatcher
from triage.sounds import sound_table
from triage.spoken_text import SpokenText, fold
from triage.word_boundaries import Segmenter, WordEdges

_ALONE = 1.0  # the weight that decides alone
_SHORT = 2  # letters; only phrases this short are ambiguous enough to need word edges


@dataclass(frozen=True, slots=True)
class _Uses:
    """What a phrase is used for."""

    rule: Rule | None
    parts: tuple[tuple[int, int], ...]
    """(number of the combination, slot)."""
    harmless: bool
    handover: bool
    abuse: bool
    negator: bool
    deniable: bool


@dataclass(slots=True)
class _Hits:
    """The character hits of one text, sorted by what they are used for."""

    phrases: list[tuple[int, int, str, Rule]]
    parts: dict[int, list[Span]]
    """Where each word of a combination stands, by its pattern index."""
    harmless: list[Span]
    handover: list[Span]
    abuse: list[Span]
    negators: list[Span]
    deniable: dict[int, list[int]]


class Matcher:
    """The lexicon compiled for matching. Immutable after construction."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._negation = lexicon.negation
        self._abuse = lexicon.abuse
        self._combinations = [rule for rule in lexicon.rules if len(rule.slots) > 1]
        self._uses = self._plan(lexicon)
        phrases = tuple(sorted(lexicon.phrases()))
        patterns = tuple(sorted(self._uses))
        self._by_index = tuple(self._uses[pattern] for pattern in patterns)
        self._completeness = Completeness(
            [len(rule.slots) for rule in self._combinations],
            {index: uses.parts for index, uses in enumerate(self._by_index) if uses.parts},
        )
        self._automaton = Automaton(patterns, watched=lexicon.harmless)
        self._segmenter = Segmenter(phrases)
        self._sounds = SoundMatcher(lexicon, sound_table(), self._segmenter)

    def _plan(self, lexicon: Lexicon) -> dict[str, _Uses]:
        plain = {phrase: rule for rule in lexicon.rules if len(rule.slots) == 1 for phrase in rule.slots[0]}
        parts: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, rule in enumerate(self._combinations):
            for slot, words in enumerate(rule.slots):
                for word in words:
                    parts[word].append((number, slot))
        return {
            phrase: _Uses(
                rule=plain.get(phrase),
                parts=tuple(parts.get(phrase, ())),
                harmless=phrase in lexicon.harmless,
                handover=phrase in lexicon.handover,
                abuse=phrase in lexicon.abuse.words,
                negator=phrase in lexicon.negation.words,
                deniable=phrase in lexicon.negatable,
            )
            for phrase in lexicon.phrases() | lexicon.abuse.words
        }

    def analyse(self, text: str) -> Analysis:
        """Find all that stands in a text, and what was cancelled and why not. Any unicode, any length."""
        spoken = fold(text)
        scan = self._automaton.scan(spoken.letters)
        hits = self._sort(spoken, scan.hits)
        denied = denials(spoken, hits.negators, hits.deniable, self._negation)
        shelter = Shelter(len(spoken.letters), hits.harmless + denied)
        edges = self._segmenter.open(spoken)
        found = self._phrase_findings(hits, shelter, edges)
        wanted = _worth_hearing(found, shelter)
        heard, sound_steps = self._sounds.find(
            spoken.letters, [(f.start, f.end) for f in found], edges, wanted
        )
        found += heard
        standing = [f for f in found if f.rule.firm or not shelter.covers(f.start, f.end)]
        cancelled = [f for f in found if not f.rule.firm and shelter.covers(f.start, f.end)]
        combined, pieces = self._combination_findings(hits, shelter)
        standing += combined
        by_denial = Shelter(len(spoken.letters), denied)
        return Analysis(
            spoken=spoken,
            standing=tuple(_without_shadowed(standing)),
            cancelled=tuple(cancelled),
            handover=tuple(span for span in hits.handover if not shelter.covers(*span)),
            abuse=tuple(
                span
                for span in hits.abuse
                if not shelter.covers(*span) and self._is_meant(spoken, span, edges)
            ),
            denied=any(by_denial.covers(f.start, f.end) for f in cancelled),
            denials=tuple(denied),
            open_from=scan.open_from,
            steps=len(spoken.letters) + len(scan.hits) + sound_steps + pieces,
        )

    def _sort(self, spoken: SpokenText, found: tuple[tuple[int, int], ...]) -> _Hits:
        hits = _Hits([], defaultdict(list), [], [], [], [], defaultdict(list))
        patterns = self._automaton.patterns
        for last, index in found:
            uses = self._by_index[index]
            phrase = patterns[index]
            start, end = last + 1 - len(phrase), last + 1
            if phrase.isascii() and not _stands_alone(spoken.letters, start, end):
                continue
            if uses.rule:
                hits.phrases.append((start, end, phrase, uses.rule))
            if uses.parts:
                hits.parts[index].append((start, end))
            if uses.harmless and spoken.joined(start, end):
                hits.harmless.append((start, end))
            if uses.handover:
                hits.handover.append((start, end))
            if uses.abuse:
                hits.abuse.append((start, end))
            if uses.negator:
                hits.negators.append((start, end))
            if uses.deniable:
                hits.deniable[start].append(end)
        return hits

    def _is_meant(self, spoken: SpokenText, span: Span, edges: WordEdges) -> bool:
        """Tell whether an insult is a word of its own and not what somebody else is said to have called the caller."""
        start, end = span
        if spoken.letters.endswith(self._abuse.void_before, 0, start):
            return False
        return end - start > _SHORT or edges.are_edges(start, end)

    @staticmethod
    def _phrase_findings(hits: _Hits, shelter: Shelter, edges: WordEdges) -> list[Finding]:
        """Return what the phrases say; jieba is asked about ambiguous ones only where their answer matters."""
        clear: list[Finding] = []
        ambiguous: list[Finding] = []
        for start, end, phrase, rule in hits.phrases:
            needs_edges = end - start == 1 or (rule.boundary and end - start <= _SHORT)
            finding = Finding(start, end, rule, phrase, rule.weight, by_sound=False, last_start=start)
            (ambiguous if needs_edges else clear).append(finding)
        if not _worth_hearing(clear, shelter):
            return clear
        return clear + [
            f for f in ambiguous if shelter.covers(f.start, f.end) or edges.are_edges(f.start, f.end)
        ]

    def _combination_findings(self, hits: _Hits, shelter: Shelter) -> tuple[list[Finding], int]:
        """Return what combinations say, and how many of their words were looked at."""
        found: list[Finding] = []
        looked_at = 0
        for number, slots in self._completeness.of(hits.parts).items():
            rule = self._combinations[number]
            pieces = [
                (start, end, slot, self._automaton.patterns[index])
                for index, slot in slots
                for start, end in hits.parts[index]
                if rule.firm or not shelter.covers(start, end)
            ]
            looked_at += len(pieces)
            for met in combinations(rule, pieces):
                start, end = met[0][0], met[-1][1]
                named = "…".join(piece[3] for piece in met)
                found.append(
                    Finding(start, end, rule, named, rule.weight, by_sound=False, last_start=met[-1][0])
                )
        return found, looked_at


def _stands_alone(letters: str, start: int, end: int) -> bool:
    """Tell whether a number or a foreign word is not part of a longer one: 120 is not in 1200, sos not in isos."""
    before, after = letters[start - 1 : start], letters[end : end + 1]
    return not (before.isascii() and before) and not (after.isascii() and after)


def _worth_hearing(findings: list[Finding], shelter: Shelter) -> frozenset[Route]:
    """Return the routes for which sounds could still change something.

    None once a police rule that decides alone stands; police only once a livelihood rule that decides alone does.
    """
    certain = [f for f in findings if f.weight >= _ALONE]
    standing = [f for f in certain if f.rule.firm or not shelter.covers(f.start, f.end)]
    if any(f.rule.field.route is Route.POLICE for f in standing):
        return frozenset()
    if any(f.rule.field.route is Route.MINSHENG for f in certain):
        return frozenset({Route.POLICE})
    return frozenset(Route)


def _without_shadowed(findings: list[Finding]) -> list[Finding]:
    """Drop livelihood findings that lie inside a longer police phrase: 停电 in 停电困在电梯 asks for nothing."""
    police = Shelter(
        max((f.end for f in findings), default=0),
        [(f.start, f.end) for f in findings if f.rule.field.route is Route.POLICE and not f.by_sound],
    )
    return [f for f in findings if f.rule.field.route is Route.POLICE or not police.covers(f.start, f.end)]
