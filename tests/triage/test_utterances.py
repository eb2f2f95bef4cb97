"""The project's own sentences: every dangerous one kept, the livelihood ones freed, the names mostly right."""

from __future__ import annotations

import pytest

from tests.triage.shipped import utterances
from triage.decision import Route
from triage.engine import Triage

# Of sentences that nobody had seen when the rules were first written (docs/triage-quality.md);
# what is reached stands here, so that nothing is lost again.
_FREED_AT_LEAST = 0.90
_TOLD_APART_AT_LEAST = 0.86
_NAMED_AT_LEAST = {"police": 0.35, "minsheng": 0.62}
_URGENT_AT_LEAST = 0.65
POLICE = [(field, text) for field, texts in utterances("police").items() for text in texts]
MINSHENG = [(field, text) for field, texts in utterances("minsheng").items() for text in texts]
PAIRS = utterances("pairs")


@pytest.mark.parametrize(("field", "text"), POLICE, ids=[text for _, text in POLICE])
def test_every_dangerous_sentence_reaches_police(triage: Triage, field: str, text: str) -> None:
    assert triage.decide(text).route is Route.POLICE


def test_livelihood_sentences_leave_the_police_line(triage: Triage) -> None:
    kept = [text for _, text in MINSHENG if triage.decide(text).route is Route.POLICE]
    assert 1 - len(kept) / len(MINSHENG) >= _FREED_AT_LEAST, kept


@pytest.mark.parametrize("pair", PAIRS, ids=[pair["words"] for pair in PAIRS])
def test_the_dangerous_one_of_each_pair_reaches_police(triage: Triage, pair: dict[str, str]) -> None:
    assert triage.decide(pair["police"]).route is Route.POLICE
    assert all(pair["words"] in pair[route] for route in ("police", "minsheng"))


def test_most_pairs_that_share_their_words_are_told_apart(triage: Triage) -> None:
    kept = [pair["minsheng"] for pair in PAIRS if triage.decide(pair["minsheng"]).route is Route.POLICE]
    assert 1 - len(kept) / len(PAIRS) >= _TOLD_APART_AT_LEAST, kept


@pytest.mark.parametrize(("name", "sentences"), [("police", POLICE), ("minsheng", MINSHENG)])
def test_most_sentences_are_named_rightly(
    triage: Triage, name: str, sentences: list[tuple[str, str]]
) -> None:
    named = [(field, triage.decide(text).category) for field, text in sentences if field != "any"]
    right = sum(field == category for field, category in named)
    assert right / len(named) >= _NAMED_AT_LEAST[name]


def test_every_field_has_sentences(triage: Triage) -> None:
    wanted = set(triage.field_ids(Route.POLICE)) - {"danger_words"}
    assert wanted <= set(utterances("police"))
    wanted = set(triage.field_ids(Route.MINSHENG)) - {"enquiry"}
    assert wanted <= set(utterances("minsheng"))


def test_no_sentence_stands_twice() -> None:
    sentences = [text for _, text in POLICE + MINSHENG]
    assert len(sentences) == len(set(sentences))
    assert len(sentences) + 2 * len(PAIRS) >= 1500


def test_urgent_sentences_are_urgent(triage: Triage) -> None:
    urgent = [text for field, text in POLICE if field in {"fire", "drowning", "suicide", "weapon"}]
    calm = [text for text in urgent if triage.decide(text).priority != 1]
    assert 1 - len(calm) / len(urgent) >= _URGENT_AT_LEAST, calm


def test_mixed_sentences_stay_with_police(triage: Triage) -> None:
    """Each livelihood sentence with each of a few dangers behind it, after a breath.

    In one breath 手续都没有 and 着火了 would be a denial: 没有着火.
    """
    dangers = ["有人拿刀", "他要打死我", "我妈晕倒了", "着火了", "孩子不见了"]
    freed = [
        f"{text}，{danger}"
        for _, text in MINSHENG
        for danger in dangers
        if triage.decide(f"{text}，{danger}").route is not Route.POLICE
    ]
    assert freed == []
