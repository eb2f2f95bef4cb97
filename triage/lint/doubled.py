"""Things that are said twice: contexts in several files, combinations and sounds in several fields of one route."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from triage.lint.combined import covers
from triage.lint.flaw import Flaw, Severity
from triage.lint.rulebook import Listed, Plain, Rulebook
from triage.sounds import syllables


def doubled_flaws(book: Rulebook) -> Iterator[Flaw]:
    """Find what stands in two places; a phrase in two rules is refused when the lexicon is loaded."""
    seen: dict[str, Listed] = {}
    for listed in book.harmless:
        first = seen.setdefault(listed.phrase, listed)
        if first is not listed:
            yield listed.flaw(
                Severity.HINT,
                f"无害语境“{listed.phrase}”在 {first.owner} 第 {first.place.line} 行已有",
                "留一处即可",
            )
    for one, other in combinations(book.combined, 2):
        apart = one.rule.field.id != other.rule.field.id and one.police == other.police
        if apart and (covers(one.rule, other.rule) or covers(other.rule, one.rule)):
            yield other.flaw(
                Severity.WARNING,
                f"与 {one.rule.id} 说的是同样的词，判成哪一类要看运气",
                "归到一类，或改得有别",
            )
    yield from _same_sounds(book)


def _same_sounds(book: Rulebook) -> Iterator[Flaw]:
    heard: dict[tuple[str, ...], list[Plain]] = defaultdict(list)
    for plain in book.plain:
        if plain.by_sound:
            heard[syllables(plain.phrase)].append(plain)
    for alike in heard.values():
        for one, other in combinations(alike, 2):
            if one.rule.field.id != other.rule.field.id and one.police == other.police:
                yield other.flaw(
                    Severity.HINT,
                    f"“{other.phrase}”与“{one.phrase}”（{one.owner}）同音，识别成别的字时分不清类别",
                    "确认两类都需要",
                )
