from __future__ import annotations

from pathlib import Path

import pytest

from triage.hits import HitFinder, Hits
from triage.lexicon import Lexicon, load_lexicon
from triage.spoken_text import fold


@pytest.fixture(scope="module")
def lexicon(small_folder: Path) -> Lexicon:
    return load_lexicon(small_folder)


@pytest.fixture(scope="module")
def finder(lexicon: Lexicon) -> HitFinder:
    return HitFinder(lexicon, [rule for rule in lexicon.rules if len(rule.slots) > 1])


def _words(finder: HitFinder, hits: Hits) -> dict[str, list[int]]:
    return {finder.phrases[number]: ends for number, ends in hits.words.items()}


def test_short_phrases_that_may_be_part_of_a_word_are_kept_apart(finder: HitFinder) -> None:
    hits = finder.find(fold("抢劫"))
    assert [f.phrase for f in hits.clear] == ["抢劫"]
    assert [f.phrase for f in hits.ambiguous] == ["抢"]


def test_words_of_combinations_have_their_ends(finder: HitFinder) -> None:
    hits = finder.find(fold("有人拿刀，有人"))
    assert _words(finder, hits) == {"有人": [2, 6], "拿刀": [4]}
    assert hits.deniable == [(2, 4)], "a word of a combination may be denied as well"


def test_a_context_is_harmless_only_in_one_breath(finder: HitFinder) -> None:
    assert finder.find(fold("抢红包")).harmless == [(0, 3)]
    assert finder.find(fold("抢，红包")).harmless == []


def test_a_phrase_has_all_its_uses(finder: HitFinder) -> None:
    hits = finder.find(fold("不是抢劫，转警察"))
    assert (hits.negators, hits.deniable, hits.handover) == ([(0, 2)], [(2, 4)], [(4, 7)])


def test_every_hit_is_counted(finder: HitFinder) -> None:
    assert finder.find(fold("抢劫")).count == 2
    assert finder.find(fold("")).count == 0
