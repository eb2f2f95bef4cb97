"""Combinations that can never matter: phrases or another combination say already what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import permutations

from triage.lexicon import Rule
from triage.lint.flaw import Flaw, Severity
from triage.lint.rulebook import Combined, Plain, Rulebook

_FEW = 4  # words that a finding names


def combined_flaws(book: Rulebook) -> Iterator[Flaw]:
    """Find combinations that are covered, and words of them that a harmless context always cancels."""
    by_field: dict[str, list[Plain]] = defaultdict(list)
    for plain in book.plain:
        if not plain.needs_edges:
            by_field[plain.rule.field.id].append(plain)
    for combined in book.combined:
        phrases = [p for p in by_field[combined.rule.field.id] if _says_it(book, p, combined)]
        if slot := _covered_slot(combined.rule, phrases):
            yield combined.flaw(
                Severity.HINT,
                f"组合不起作用：其中一组词（{_some(slot)}）每个都已单独算作同类词语，权重不低",
                "可以删去这个组合，或换掉这组词",
            )
        wider = next((other for other in book.combined if _covers(other, combined)), None)
        if wider:
            yield combined.flaw(
                Severity.HINT, f"组合不起作用：{wider.rule.id} 已包含它，权重和距离都不低", "可以删去这个组合"
            )
    yield from _cancelled(book)


def covers(wide: Rule, narrow: Rule) -> bool:
    """Tell whether one combination is met wherever the other is: fewer slots, each with all the words, as near."""
    if wide.within < narrow.within or len(wide.slots) > len(narrow.slots):
        return False
    return any(
        all(set(slot) <= set(other) for slot, other in zip(chosen, wide.slots, strict=True))
        for chosen in permutations(narrow.slots, len(wide.slots))
    )


def _covers(wide: Combined, narrow: Combined) -> bool:
    if wide is narrow or wide.rule.field.id != narrow.rule.field.id:
        return False
    if wide.rule.weight < narrow.rule.weight or wide.rule.priority != narrow.rule.priority:
        return False
    # Of two that cover each other the later one is superfluous.
    return covers(wide.rule, narrow.rule) and (
        not covers(narrow.rule, wide.rule)
        or narrow.rule.weight < wide.rule.weight
        or wide.place.line < narrow.place.line
    )


def _says_it(book: Rulebook, plain: Plain, combined: Combined) -> bool:
    """Tell whether beside this phrase the combination adds nothing.

    A police combination also hides livelihood words between its own; that is without effect once the phrase
    decides by itself.
    """
    if plain.police and plain.rule.weight < book.policy.strong_police:
        return False
    if plain.rule.weight == combined.rule.weight:
        return plain.rule.priority == combined.rule.priority
    return plain.rule.weight > combined.rule.weight


def _covered_slot(rule: Rule, phrases: Sequence[Plain]) -> tuple[str, ...] | None:
    covered = (slot for slot in rule.slots if all(any(p.phrase in word for p in phrases) for word in slot))
    return next(covered, None)


def _cancelled(book: Rulebook) -> Iterator[Flaw]:
    """Words of police combinations that a harmless context equals: said, they are always cancelled."""
    users: dict[str, list[Combined]] = defaultdict(list)
    for combined in book.combined:
        for slot in () if combined.rule.firm else combined.rule.slots:
            gone = [word for word in slot if word in book.lexicon.harmless]
            if len(gone) == len(slot):
                yield combined.flaw(
                    Severity.ERROR,
                    f"组合永远不成立：一组词都是无害语境，总被抵消（{_some(gone)}）",
                    "把这些词从无害语境中删去，或换掉这组词",
                )
                continue
            for word in gone:
                users[word].append(combined)
    for word, combos in users.items():
        more = f"，还有 {len(combos) - 1} 个组合" if len(combos) > 1 else ""
        yield combos[0].flaw(
            Severity.WARNING,
            f"组合里的“{word}”本身就是无害语境，总被抵消{more}",
            "从组合或从无害语境中删去，或换成更长的说法",
        )


def _some(words: Sequence[str]) -> str:
    return "、".join(words[:_FEW]) + ("等" if len(words) > _FEW else "")
