"""The text that the language model counts: the trade's sentences, and the phrases that must be heard."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from models.recipe.sentences import Sentences
from models.recipe.template_parser import parse
from models.recipe.words import cut

# Each phrase is said alone or after words that callers often put before it: often enough that its word pairs are kept
# (`language_model._RARELY_TWO`); three in a row are not, which keeps the model small.
_TIMES: Final = 2
_BEFORE: Final = parse(
    "(||我|有人|我们这里|我家|他|小区|你好|喂|我要|一直|这里|说|没有|怎么|旁边|想问一下|现在)"
)


def sentences(number: int, phrases: Sequence[str], rng: Random) -> Iterator[list[str]]:
    """Give `number` random sentences, then every phrase twice, all cut into words."""
    source = Sentences(rng)
    for _ in range(number):
        yield [word for clause in source.write() for word in cut(clause)]
    for phrase in phrases:
        for _ in range(_TIMES):
            yield [*cut(_BEFORE.write({}, rng)), *cut(phrase)]
