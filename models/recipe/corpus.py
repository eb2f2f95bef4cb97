"""The text that the language model counts: the trade's sentences, and the phrases that must be heard."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final

from models.recipe.sentences import ReadAloud, Sentences
from models.recipe.template_parser import parse
from models.recipe.units import syllables
from models.recipe.words import cut, frequencies, is_chinese, most_frequent

# Each phrase is said alone or after words that callers often put before it: often enough that its word pairs are kept
# (`language_model._RARELY_TWO`); three in a row are not, which keeps the model small.
_TIMES: Final = 2
_BEFORE: Final = parse(
    "(||我|有人|我们这里|我家|他|小区|你好|喂|我要|一直|这里|说|没有|怎么|旁边|想问一下|现在)"
)

# Sentences beside every sentence of the trade that no caller says; so many that free speech is heard as well.
_READ_ALOUD: Final = 0.35

_COMMON: Final = 20_000  # words among which a twin is looked for
Sound = tuple[str, ...]

_UNSPEAKABLE: Final = re.compile(r"[0-9A-Za-z]")
_CLAUSE: Final = re.compile(r"[\u4e00-\u9fff]+")


def sentences(number: int, phrases: Sequence[str], rng: Random) -> Iterator[list[str]]:
    """Give `number` random sentences of the trade, some others, and every phrase twice, all cut into words.

    Common words that sound like a phrase are given as often: 助手 beside 住手.
    """
    source, wider = Sentences(rng), ReadAloud(rng)
    for _ in range(number):
        yield [word for clause in source.write() for word in cut(clause)]
    for _ in range(round(_READ_ALOUD * number)):
        yield [word for clause in wider.write() for word in cut(clause)]
    for phrase in (*phrases, *twins(phrases)):
        for _ in range(_TIMES):
            yield [*cut(_BEFORE.write({}, rng)), *cut(phrase)]


def twins(phrases: Iterable[str]) -> list[str]:
    """Give the common words that sound exactly like a phrase, are more common, and are no phrase themselves."""
    known = {phrase for phrase in phrases if phrase in frequencies()}
    by_sound: dict[Sound, list[str]] = {}
    for word in most_frequent(_COMMON):
        if len(word) > 1 and word not in known and (sound := _sound(word)):
            by_sound.setdefault(sound, []).append(word)
    return sorted(
        {
            twin
            for phrase in known
            if (sound := _sound(phrase))
            for twin in by_sound.get(sound, ())
            if frequencies()[twin] > frequencies()[phrase]
        }
    )


def _sound(word: str) -> Sound | None:
    spoken = syllables(word)
    return tuple(unit for one in spoken for unit in one.units) if spoken else None


def written(paths: Iterable[Path]) -> Iterator[list[str]]:
    """Give the sentences of text files, one a line, cut into words; a line with digits or Latin letters is left out.

    Nobody can tell how those would be spoken. Signs part clauses and are not spoken.
    """
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            if not _UNSPEAKABLE.search(line) and (clauses := _CLAUSE.findall(line)):
                yield [word for clause in clauses for word in cut(clause)]


def transcripts(texts: Sequence[str]) -> Iterator[list[str]]:
    """Give what people said in recordings, cut into words, each twice so that its word pairs are kept."""
    for text in texts:
        spoken = "".join(character for character in text if is_chinese(character))
        for _ in range(_TIMES if spoken else 0):
            yield cut(spoken)
