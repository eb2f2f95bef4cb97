"""Phrases that can never matter: a shorter one says it already, or a harmless context is the phrase itself."""

from __future__ import annotations

from collections.abc import Iterator

from triage.lint.flaw import Flaw, Severity
from triage.lint.overlap import places_of, spares
from triage.lint.rulebook import Listed, Plain, Rulebook

_SURELY_HEARD = 3  # letters; shorter phrases are matched by their sound more strictly than longer ones


def dead_flaws(book: Rulebook) -> Iterator[Flaw]:
    """Find phrases that a harmless context equals, and phrases that a shorter one makes superfluous."""
    contexts = {listed.phrase: listed for listed in book.harmless}
    for named in (*book.plain, *book.handover):
        context = contexts.get(named.phrase)
        if context and not (isinstance(named, Plain) and named.rule.firm):
            yield named.flaw(
                Severity.ERROR,
                f"“{named.phrase}”本身就是无害语境（{_where(context)}），说出来总被抵消",
                "二者删去其一：确属险情就删无害语境，否则删这个词",
            )
    checker = _Superfluous(book)
    for longer in book.plain:
        if shorter := checker.says_it(longer):
            yield longer.flaw(
                Severity.HINT,
                f"“{longer.phrase}”不起作用：同类的“{shorter.phrase}”（{shorter.owner}）已在其中，权重不低",
                "可以删去",
            )


class _Superfluous:
    """Whether a phrase changes nothing beside a shorter one of its field."""

    def __init__(self, book: Rulebook) -> None:
        self._plain = {plain.phrase: plain for plain in book.plain}
        self._contexts = tuple(sorted(book.lexicon.harmless))
        self._police = tuple(plain.phrase for plain in book.plain if plain.police)
        self._combined = frozenset(
            word
            for combined in book.combined
            if not combined.police
            for slot in combined.rule.slots
            for word in slot
        )
        self._negatable = book.lexicon.negatable
        self._negators = tuple(book.lexicon.negation.words)

    def says_it(self, longer: Plain) -> Plain | None:
        """Return the shorter phrase beside which the longer one can be left out."""
        inside = {self._plain[part] for _, part in _parts(longer.phrase) if part in self._plain}
        found = sorted((p for p in inside if self._as_much(p, longer)), key=lambda p: p.phrase)
        return found[0] if found else None

    def _as_much(self, shorter: Plain, longer: Plain) -> bool:
        """Tell whether wherever the longer phrase counts, the shorter one counts as much."""
        one, other = shorter.rule, longer.rule
        inner, outer = shorter.phrase, longer.phrase
        if one.field.id != other.field.id or shorter.needs_edges or inner.isascii():
            return False
        if one.weight < other.weight or (one.weight == other.weight and one.priority != other.priority):
            return False  # of equal weights the longer phrase is taken, and with it its priority
        if longer.by_sound and len(inner) < _SURELY_HEARD:
            return False
        covers = () if longer.rule.firm else self._contexts
        covers += () if longer.police else self._police
        if any(inner in cover and spares(cover, inner, outer) for cover in covers):
            return False
        return not self._hides(shorter, longer) and not (
            not longer.rule.firm and self._denied_apart(inner, outer)
        )

    def _hides(self, shorter: Plain, longer: Plain) -> bool:
        """Tell whether the longer phrase keeps other words from counting that the shorter one would let count."""
        held = [range(at, at + len(shorter.phrase)) for at in places_of(shorter.phrase, longer.phrase)]
        for start, part in _parts(longer.phrase):
            stretch = range(start, start + len(part))
            if any(stretch.start >= span.start and stretch.stop <= span.stop for span in held):
                continue
            other = self._plain.get(part)
            apart = not any(stretch.start < span.stop and span.start < stretch.stop for span in held)
            if other and (apart or other.rule.field.id != longer.rule.field.id):
                return True
            if longer.police and part in self._combined:
                return True
        return False

    def _denied_apart(self, inner: str, outer: str) -> bool:
        """Tell whether a denial may cancel the shorter phrase and leave the longer one."""
        if inner not in self._negatable:
            return False
        before = outer[: outer.find(inner)]
        return bool(before.endswith(self._negators)) or (not before and outer not in self._negatable)


def _parts(phrase: str) -> Iterator[tuple[int, str]]:
    """Yield where each shorter part of a phrase begins, and the part."""
    for start in range(len(phrase)):
        for end in range(start + 1, len(phrase) + 1):
            if end - start < len(phrase):
                yield start, phrase[start:end]


def _where(listed: Listed) -> str:
    return f"{listed.owner}，第 {listed.place.line} 行"
