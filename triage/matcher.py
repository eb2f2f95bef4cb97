"""Finding the lexicon in a text: characters first, then sounds, then what cancels them.

Everything is found in one pass over the characters and one over their sounds; jieba is asked only about the few
places where a word's edge matters.
"""

from __future__ import annotations

from triage.combinations import Completeness, combinations
from triage.contexts import Shelter, Span, denials
from triage.decision import Route
from triage.findings import Analysis, Finding
from triage.hits import SHORT, HitFinder, Hits
from triage.lexicon import Lexicon
from triage.sound_matcher import SoundMatcher
from triage.sounds import sound_table
from triage.spoken_text import SpokenText, fold
from triage.word_boundaries import Segmenter, WordEdges

_ALONE = 1.0  # the weight that decides alone
_BOTH, _POLICE = tuple(Route), (Route.POLICE,)


class Matcher:
    """The lexicon compiled for matching. Immutable after construction."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._negation = lexicon.negation
        self._abuse = lexicon.abuse
        self._combinations = [rule for rule in lexicon.rules if len(rule.slots) > 1]
        self._hits = HitFinder(lexicon, self._combinations)
        self._completeness = Completeness([len(rule.slots) for rule in self._combinations], self._hits.words)
        self._segmenter = Segmenter(sorted(lexicon.phrases()))
        self._sounds = SoundMatcher(lexicon, sound_table(), self._segmenter)

    def analyse(self, text: str) -> Analysis:
        """Find all that stands in a text, and what was cancelled and why not. Any unicode, any length."""
        spoken = fold(text)
        hits = self._hits.find(spoken)
        denied = denials(spoken, hits.negators, hits.deniable, self._negation)
        shelter = Shelter(hits.harmless + denied)
        edges = self._segmenter.open(spoken)
        found = self._phrase_findings(hits, shelter, edges)
        wanted = _worth_hearing(found, shelter)
        heard, sound_steps = self._sounds.find(spoken, [(f.start, f.end) for f in found], edges, wanted)
        standing: list[Finding] = []
        cancelled: list[Finding] = []
        for f in (*found, *heard):
            (standing if f.rule.firm or not shelter.covers(f.start, f.end) else cancelled).append(f)
        combined, pieces = self._combination_findings(hits, shelter)
        standing += combined
        by_denial = Shelter(denied)
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
            open_from=hits.open_from,
            steps=len(spoken.letters) + hits.count + sound_steps + pieces,
        )

    def _is_meant(self, spoken: SpokenText, span: Span, edges: WordEdges) -> bool:
        """Tell whether an insult is a word of its own and not what somebody else is said to have called the caller."""
        start, end = span
        if spoken.letters.endswith(self._abuse.void_before, 0, start):
            return False
        return end - start > SHORT or edges.are_edges(start, end)

    @staticmethod
    def _phrase_findings(hits: Hits, shelter: Shelter, edges: WordEdges) -> list[Finding]:
        """Return what the phrases say; jieba is asked about ambiguous ones only where their answer matters."""
        if not hits.ambiguous or not _worth_hearing(hits.clear, shelter):
            return hits.clear
        return hits.clear + [
            f for f in hits.ambiguous if shelter.covers(f.start, f.end) or edges.are_edges(f.start, f.end)
        ]

    def _combination_findings(self, hits: Hits, shelter: Shelter) -> tuple[list[Finding], int]:
        """Return what combinations say, and how many of their words were looked at."""
        found: list[Finding] = []
        looked_at = 0
        phrases = self._hits.phrases
        for number, slots in self._completeness.of(hits.words).items():
            rule = self._combinations[number]
            pieces = [
                (end - len(word), end, slot, word)
                for word, slot, ends in ((phrases[said], slot, hits.words[said]) for said, slot in slots)
                for end in ends
                if rule.firm or not shelter.covers(end - len(word), end)
            ]
            looked_at += len(pieces)
            for met in combinations(rule, pieces):
                start, end = met[0][0], met[-1][1]
                named = "…".join([piece[3] for piece in met])
                found.append(
                    Finding(start, end, rule, named, rule.weight, by_sound=False, last_start=met[-1][0])
                )
        return found, looked_at


def _worth_hearing(findings: list[Finding], shelter: Shelter) -> tuple[Route, ...]:
    """Return the routes for which sounds could still change something.

    None once a police rule that decides alone stands; police only once a livelihood rule that decides alone does.
    """
    wanted = _BOTH
    for f in findings:
        if f.weight < _ALONE:
            continue
        if not f.rule.police:
            wanted = _POLICE
        elif f.rule.firm or not shelter.covers(f.start, f.end):
            return ()
    return wanted


def _without_shadowed(findings: list[Finding]) -> list[Finding]:
    """Drop livelihood findings that lie inside a longer police phrase: 停电 in 停电困在电梯 asks for nothing."""
    police = Shelter((f.start, f.end) for f in findings if f.rule.police and not f.by_sound)
    return [f for f in findings if f.rule.police or not police.covers(f.start, f.end)]
