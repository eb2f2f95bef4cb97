from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.decision import Route
from triage.errors import LexiconError
from triage.findings import Finding
from triage.lexicon import Field, Rule
from triage.policy import DEFAULT_FILE, Balance, Policy
from triage.second_opinion.model import Opinion

POLICY = Policy.load()
POLICE = Field("robbery", "抢劫", Route.POLICE, 1, None, None, general=False, flag=None)
WATER = Field("water", "供水", Route.MINSHENG, 2, None, "水务", general=False, flag=None)
ASKING = Field("enquiry", "咨询", Route.MINSHENG, 4, None, "政务", general=True, flag=None)


def _found(field: Field, *weights: float) -> list[Finding]:
    rule = Rule(f"x/{field.id}#1", field, (("词",),), 10, 1.0, 1, boundary=False, sounds=False)
    offset = 0 if field is POLICE else 50 if field is WATER else 100
    return [
        Finding(
            offset + 2 * i, offset + 2 * i + 2, rule, "词", weight, by_sound=False, last_start=offset + 2 * i
        )
        for i, weight in enumerate(weights)
    ]


def _frees(*findings: list[Finding], confidence: float = 1.0) -> bool:
    return POLICY.frees(POLICY.weigh([f for group in findings for f in group], confidence, None))


def test_nothing_heard_goes_to_police() -> None:
    assert not _frees()
    assert POLICY.weigh([], 1.0, None).p_police > 0.5


def test_one_clear_livelihood_phrase_frees() -> None:
    assert _frees(_found(WATER, 1.0))


def test_a_topic_and_a_request_free() -> None:
    assert _frees(_found(WATER, 0.4), _found(ASKING, 0.7))


def test_topics_alone_and_requests_alone_do_not() -> None:
    assert not _frees(_found(WATER, *[0.4] * 12))
    assert not _frees(_found(ASKING, *[0.7] * 12))


@pytest.mark.parametrize("weight", [0.3, 0.4, 0.5, 0.8, 1.0])
def test_one_clear_phrase_does_not_outweigh_police_evidence(weight: float) -> None:
    assert not _frees(_found(WATER, 1.0), _found(POLICE, weight))


def test_much_livelihood_outweighs_a_faint_police_word_never_a_strong_one() -> None:
    assert _frees(_found(WATER, 1.0, 1.0, 1.0), _found(POLICE, 0.4))
    assert not _frees(_found(WATER, *[1.0] * 20), _found(POLICE, POLICY.strong_police))


def test_doubt_about_the_words_keeps_the_caller() -> None:
    assert not _frees(_found(WATER, 1.0, 1.0), confidence=0.49)
    assert not _frees(_found(WATER, 1.0, 1.0), confidence=math.nan)
    assert not _frees(_found(WATER, 1.0), confidence=0.6)
    assert _frees(_found(WATER, 1.0, 1.0), confidence=0.6)


def test_uncertain_letters_lighten_livelihood_only() -> None:
    unsure = [0.3] * 200
    heard = POLICY.weigh(_found(WATER, 1.0) + _found(POLICE, 1.0), 1.0, unsure)
    assert heard.livelihood == 0.0
    assert heard.police == 1.0


@given(st.lists(st.floats(0.1, 1), max_size=5), st.lists(st.floats(0.1, 1), max_size=5), st.floats(0.1, 1))
def test_more_police_evidence_never_frees(police: list[float], livelihood: list[float], extra: float) -> None:
    before = _frees(_found(POLICE, *police), _found(WATER, *livelihood))
    after = _frees(_found(POLICE, *police, extra), _found(WATER, *livelihood))
    assert before or not after


@given(st.lists(st.floats(0.1, 1), max_size=5), st.floats(0, 1), st.floats(0, 1))
def test_less_confidence_never_frees(livelihood: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert _frees(_found(WATER, *livelihood), confidence=high) or not _frees(
        _found(WATER, *livelihood), confidence=low
    )


@given(st.lists(st.floats(0.1, 1), max_size=8), st.floats())
def test_probabilities_are_probabilities(weights: list[float], confidence: float) -> None:
    balance = POLICY.weigh(_found(POLICE, *weights) + _found(WATER, *weights), confidence, None)
    assert 0 < balance.p_police < 1 + 1e-9


def test_dearer_misses_free_fewer(write: Callable[[str, str], Path]) -> None:
    text = DEFAULT_FILE.read_text(encoding="utf-8").replace("missed_police: 50", "missed_police: 1000")
    dear = Policy.load(write("policy.yaml", text))
    assert not dear.frees(dear.weigh(_found(WATER, 1.0), 1.0, None))
    assert dear.frees(dear.weigh(_found(WATER, 1.0, 1.0), 1.0, None))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("missed_police: 50", "missed_police: -1", "cost.missed_police"),
        ("missed_police: 50", "mised_police: 50", "cost.mised_police"),
        ("decay: 0.7", "decay: 7", "decay"),
        ("police_now: 0.8", "police_now: soon", "police_now"),
    ],
)
def test_mistakes_in_the_policy_name_line_and_key(
    write: Callable[[str, str], Path], old: str, new: str, key: str
) -> None:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    assert old in text
    spoiled = text.replace(old, new)
    with pytest.raises(LexiconError) as caught:
        Policy.load(write("policy.yaml", spoiled))
    assert caught.value.key == key
    assert new in spoiled.splitlines()[caught.value.line - 1]


# -- lone characters --------------------------------------------------------------------------------------


def _hinted(log_odds: float, *police: Finding) -> Balance:
    """A clear request, what stands of police, and what the second opinion holds."""
    return POLICY.weigh([*_found(WATER, 1.0), *police], 1.0, None, opinion=Opinion(log_odds), letters=20)


def _said(phrase: str, weight: float) -> Finding:
    (found,) = _found(POLICE, weight)
    return found._replace(phrase=phrase)


def test_a_lone_character_does_not_count_where_the_second_opinion_is_sure() -> None:
    assert not _frees(_found(WATER, 1.0), [_said("杀", 0.5)]), "by the rules alone it stands"
    balance = _hinted(-5.0, _said("杀", 0.5))
    assert POLICY.frees(balance)
    assert POLICY.turned(balance), "the second opinion answers for it"
    assert [found.phrase for found in balance.police_findings] == ["杀"], "it is told all the same"


@pytest.mark.parametrize(
    ("log_odds", "police"),
    [
        pytest.param(-3.0, [_said("杀", 0.5)], id="not sure enough"),
        pytest.param(-9.0, [_said("杀人", 0.5)], id="a word"),
        pytest.param(
            -9.0, [_said("杀", 0.5), _said("血", 0.4)._replace(start=9, end=10)], id="heavy together"
        ),
        pytest.param(
            -9.0, [_said("杀", 0.4), _said("跟着", 0.3)._replace(start=9, end=11)], id="with a word"
        ),
    ],
)
def test_it_counts_in_every_other_case(log_odds: float, police: list[Finding]) -> None:
    assert not POLICY.frees(_hinted(log_odds, *police))
