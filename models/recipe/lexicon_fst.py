"""L: the transducer from phones to words, with optional silence between the words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from typing import Any, Final

from models.recipe.lexicon import Lexicon
from models.recipe.phones import PHONES, SILENCE_PHONE, spell

_PAUSE: Final = 0.3  # probability of silence after a word
_FIRST_PAUSE: Final = 0.5  # and before the first

Fst = Any  # kaldifst's classes have no type hints


def lexicon_fst(lexicon: Lexicon, numbers: Mapping[str, int]) -> Fst:
    """Build L: phones to words, with silence between, and marks (#1, #2 ...) that tell homophones apart."""
    import kaldifst  # noqa: PLC0415

    spellings = [(word, spell(units)) for word in sorted(lexicon) for units in lexicon[word]]
    marked = _marked([phones for _, phones in spellings])
    silence_mark = PHONES + 2 + max(mark for _, mark in marked)
    fst = kaldifst.StdVectorFst()
    start, between, pausing, paused = (fst.add_state() for _ in range(4))
    fst.start = start
    fst.set_final(between, 0.0)

    def arc(source: int, target: int, phone: int, word: int, cost: float) -> None:
        fst.add_arc(source, kaldifst.StdArc(phone, word, cost, target))

    arc(start, between, 0, 0, -log(1 - _FIRST_PAUSE))
    arc(start, paused, SILENCE_PHONE, 0, -log(_FIRST_PAUSE))
    arc(pausing, paused, SILENCE_PHONE, 0, 0.0)
    arc(paused, between, silence_mark, 0, 0.0)
    for (word, _), (phones, mark) in zip(spellings, marked, strict=True):
        symbols = (*phones, PHONES + 1 + mark) if mark else phones
        state = between
        for index, symbol in enumerate(symbols):
            output = numbers[word] if index == 0 else 0
            if index < len(symbols) - 1:
                following = fst.add_state()
                arc(state, following, symbol, output, 0.0)
                state = following
            else:
                arc(state, between, symbol, output, -log(1 - _PAUSE))
                arc(state, pausing, symbol, output, -log(_PAUSE))
    kaldifst.arcsort(fst, "olabel")
    return fst


def _marked(spellings: Sequence[tuple[int, ...]]) -> list[tuple[tuple[int, ...], int]]:
    """Number the spellings that equal another or begin a longer one, each among its equals; 0 for the others."""
    how_many = Counter(spellings)
    beginnings = {phones[:length] for phones in how_many for length in range(1, len(phones))}
    seen: Counter[tuple[int, ...]] = Counter()
    marked: list[tuple[tuple[int, ...], int]] = []
    for phones in spellings:
        ambiguous = how_many[phones] > 1 or phones in beginnings
        seen[phones] += ambiguous
        marked.append((phones, seen[phones] if ambiguous else 0))
    return marked
