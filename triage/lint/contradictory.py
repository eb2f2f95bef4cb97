"""Livelihood words that the lexicon itself takes for an emergency, and sounds that speak for both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from triage.decision import Route
from triage.lint.flaw import Flaw, Severity
from triage.lint.rulebook import Plain, Rulebook
from triage.sounds import confusion_class, syllables

_FEW = 4  # words that a finding names


def contradictory_flaws(book: Rulebook) -> Iterator[Flaw]:
    """Find phrases and words that speak for both sides."""
    for plain in book.plain:
        if not plain.police:
            yield from _holds_police(book, plain)
    yield from _combined_with_police(book)
    yield from _sounds_of_both(book)


def _holds_police(book: Rulebook, plain: Plain) -> Iterator[Flaw]:
    """A livelihood phrase that by itself brings a caller to police, or keeps them there."""
    decision = book.triage.decide(plain.phrase)
    if decision.category == "handover":
        yield plain.flaw(
            Severity.ERROR,
            f"民生词语“{plain.phrase}”里有要求人工的词，说了它总转警察",
            "把整个词语加进 harmless，或删去它",
        )
        return
    police = [found for found in decision.evidence if found.category in book.triage.field_ids(Route.POLICE)]
    named = "、".join(f"“{found.phrase}”（{found.rule}）" for found in police)
    if _is_police(book, plain.phrase):
        yield plain.flaw(
            Severity.ERROR,
            f"民生词语“{plain.phrase}”里有警情词语 {named}，说了它总转警察",
            "把整个词语加进 harmless；确属险情就删去它",
        )
    elif (
        plain.rule.weight >= book.policy.clear_livelihood
        and not plain.rule.field.general
        and decision.route is Route.POLICE
    ):
        why = f"里面的 {named} 拖住了它" if named else "被更长的警情词语盖住"
        yield plain.flaw(
            Severity.WARNING,
            f"民生词语“{plain.phrase}”权重足以单独决定，却放不走来电：{why}",
            "把整个词语加进 harmless，或降低它的权重",
        )


def _combined_with_police(book: Rulebook) -> Iterator[Flaw]:
    """Words of livelihood combinations that bring a caller to police whatever the other words are."""
    for combined in book.combined:
        if combined.police:
            continue
        slots = combined.rule.slots
        held = [
            word
            for place, slot in enumerate(slots)
            for word in slot
            if _is_police(book, word)
            and all(
                _is_police(book, word + other) and _is_police(book, other + word)
                for others in (*slots[:place], *slots[place + 1 :])
                for other in others
            )
        ]
        if held:
            yield combined.flaw(
                Severity.WARNING,
                f"民生组合里的词本身就是警情，说了总转警察：{'、'.join(held[:_FEW])}",
                "从组合中删去；确实无害就加进 harmless",
            )


def _is_police(book: Rulebook, text: str) -> bool:
    return book.police_weight(text) >= book.policy.strong_police


def _sounds_of_both(book: Rulebook) -> Iterator[Flaw]:
    sides: dict[tuple[str, ...], tuple[list[Plain], list[Plain]]] = defaultdict(lambda: ([], []))
    for plain in book.plain:
        if plain.by_sound:
            heard = tuple(confusion_class(syllable) for syllable in syllables(plain.phrase))
            sides[heard][plain.police].append(plain)
    for livelihood, police in sides.values():
        for one, other in product(livelihood, police):
            exact = syllables(one.phrase) == syllables(other.phrase)
            yield one.flaw(
                Severity.WARNING if exact else Severity.HINT,
                f"民生词语“{one.phrase}”与警情词语“{other.phrase}”（{other.owner}）{'同音' if exact else '音近'}，"
                "识别成别的字时两边都算",
                "确认警情一边更要紧；否则给其中一个换个说法",
            )
