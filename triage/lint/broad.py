"""Rules that reach too far: they may free somebody in danger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice, product

from triage.lint.flaw import Flaw, Severity
from triage.lint.rulebook import Combined, Listed, Plain, Rulebook

_TINY = 2  # letters of a context that stands inside many other words
_PRONOUNS = frozenset({
    "我", "你", "他", "她", "它", "咱", "我们", "你们", "他们", "她们", "咱们", "大家", "人", "人家", "有人",
    "对方", "自己", "那人", "谁",
})  # fmt: skip
_FEW = 4  # words that a finding names


def broad_flaws(book: Rulebook) -> Iterator[Flaw]:
    """Find one-letter livelihood phrases, tiny contexts over grave words, and combinations of next to nothing."""
    for plain in book.plain:
        if not plain.police and len(plain.phrase) == 1 and plain.rule.weight >= book.policy.support_only:
            decisive = plain.rule.weight >= book.policy.clear_livelihood
            yield plain.flaw(
                Severity.ERROR if decisive else Severity.WARNING,
                f"民生词语“{plain.phrase}”只有一个字，权重 {plain.rule.weight:g}，几乎什么话里都有",
                f"换成更长的词语，或把权重降到 {book.policy.support_only:g} 以下",
            )
    yield from _tiny_contexts(book)
    for combined in book.combined:
        if not combined.police and combined.rule.weight >= book.policy.support_only:
            yield from _next_to_nothing(book, combined)


def _tiny_contexts(book: Rulebook) -> Iterator[Flaw]:
    grave = [p for p in book.plain if p.police and p.rule.weight >= book.policy.strong_police]
    swallowing: dict[tuple[Plain, str, bool], list[Listed]] = defaultdict(list)
    for context in book.harmless:
        if len(context.phrase) == 1:
            yield context.flaw(
                Severity.ERROR,
                f"无害语境“{context.phrase}”只有一个字，它单独说出时也被抵消",
                "换成更长的语境",
            )
        elif len(context.phrase) <= _TINY:
            known = book.dictionary.is_dictionary_word(context.phrase)
            for swallowed in grave:
                if swallowed.phrase in context.phrase and swallowed.phrase != context.phrase:
                    swallowing[swallowed, context.owner, known].append(context)
    for (swallowed, _, known), contexts in swallowing.items():
        named = "、".join(context.phrase for context in contexts)
        yield contexts[0].flaw(
            Severity.HINT if known else Severity.WARNING,
            f"无害语境只有两个字，却抵消决定性的“{swallowed.phrase}”（{swallowed.owner}）：{named}",
            "确认都是固定的词" if known else "不是词典里的词：换成更长的语境",
        )


def _next_to_nothing(book: Rulebook, combined: Combined) -> Iterator[Flaw]:
    """Livelihood combinations with pronouns, and those that two single letters can make."""
    rule = combined.rule
    decisive = rule.weight >= book.policy.clear_livelihood
    vague = sorted({word for slot in rule.slots for word in slot} & _PRONOUNS)
    if vague:
        yield combined.flaw(
            Severity.WARNING if decisive else Severity.HINT,
            f"民生组合里有代词或泛称：{'、'.join(vague)}，和谁都搭得上",
            "换成具体的人或机构",
        )
    letters = [[word for word in slot if len(word) == 1] for slot in rule.slots]
    pairs = list(islice(product(*letters), _FEW)) if decisive and len(rule.slots) <= _TINY else []
    if pairs:
        yield combined.flaw(
            Severity.WARNING,
            f"民生组合只靠单字就成立、单独决定：{'、'.join('…'.join(pair) for pair in pairs)}",
            "换成两个字以上的词，或降低权重",
        )
