"""How often words, pairs and triples stand in a text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

BEGIN: Final = "<s>"
END: Final = "</s>"


@dataclass(slots=True)
class Counts:
    """How often words, pairs and triples stand in the text."""

    words: Counter[str]
    pairs: defaultdict[str, Counter[str]]
    triples: defaultdict[tuple[str, str], Counter[str]]


def count(sentences: Iterable[Sequence[str]], vocabulary: frozenset[str]) -> Counts:
    """Count sentences of words; a word outside the vocabulary breaks the chain of words."""
    counts = Counts(Counter(), defaultdict(Counter), defaultdict(Counter))
    for sentence in sentences:
        history: tuple[str | None, str | None] = (None, BEGIN)
        for word in (*sentence, END):
            if word != END and word not in vocabulary:
                history = (None, None)  # nothing is learned across a word that cannot be heard
                continue
            counts.words[word] += 1
            first, second = history
            if second is not None:
                counts.pairs[second][word] += 1
                if first is not None:
                    counts.triples[first, second][word] += 1
            history = (second, word)
    return counts
