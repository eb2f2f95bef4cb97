from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.shipped import engine
from triage.decision import Route
from triage.findings import Analysis
from triage.matcher import Matcher


@pytest.fixture
def matcher(small_matcher: Matcher) -> Matcher:
    return small_matcher


@pytest.fixture
def shipped() -> Matcher:
    return engine()._matcher


def _standing(analysis: Analysis) -> set[str]:
    return {finding.phrase for finding in analysis.standing}


def test_phrases_are_found_across_pauses(matcher: Matcher) -> None:
    assert _standing(matcher.analyse("抢，劫！")) == {"抢劫"}
    assert _standing(matcher.analyse("救命 啊")) == {"救命啊"}


def test_a_harmless_context_cancels_what_lies_inside(matcher: Matcher) -> None:
    analysis = matcher.analyse("我在抢红包")
    assert analysis.standing == ()
    assert [finding.phrase for finding in analysis.cancelled] == ["抢"]


def test_and_nothing_elsewhere(matcher: Matcher) -> None:
    analysis = matcher.analyse("抢红包的时候有人拿刀抢劫")
    assert _standing(analysis) >= {"抢劫", "有人…拿刀"}


def test_a_context_with_a_pause_in_it_is_none(matcher: Matcher) -> None:
    assert "抢" in _standing(matcher.analyse("他抢，红包"))


def test_a_denial_cancels_a_phrase_that_may_be_denied(matcher: Matcher) -> None:
    analysis = matcher.analyse("不是抢劫")
    assert analysis.standing == ()
    assert analysis.denied


def test_a_denial_cancels_parts_of_combinations(matcher: Matcher) -> None:
    assert _standing(matcher.analyse("有人没有拿刀")) == set()
    assert _standing(matcher.analyse("有人有没有拿刀")) == {"有人…拿刀"}


def test_a_phrase_that_may_not_be_denied_stands(matcher: Matcher) -> None:
    analysis = matcher.analyse("不是救命啊")
    assert _standing(analysis) == {"救命啊"}
    assert not analysis.denied


def test_single_characters_need_to_be_words(matcher: Matcher) -> None:
    assert "抢" in _standing(matcher.analyse("他抢我"))
    assert _standing(matcher.analyse("抢修队来了")) == set()


def test_combinations_are_found_in_any_order_within_their_window(matcher: Matcher) -> None:
    assert _standing(matcher.analyse("拿刀的男的")) == {"男的…拿刀"} or "拿刀…男的" in _standing(
        matcher.analyse("拿刀的男的")
    )
    assert _standing(matcher.analyse("有人在那边走来走去拿刀")) == set()


def test_words_that_ask_for_a_person(matcher: Matcher) -> None:
    assert matcher.analyse("转警察").handover
    assert not matcher.analyse("人工费多少").handover
    assert matcher.analyse("人工费不说了我要人工").handover == ((8, 10),)


def test_a_sound_stands_in_for_characters(matcher: Matcher) -> None:
    (finding,) = matcher.analyse("强节").standing
    assert (finding.phrase, finding.by_sound) == ("抢劫", True)
    assert finding.weight < finding.rule.weight


def test_sounds_are_not_asked_once_the_characters_are_certain(matcher: Matcher) -> None:
    assert _standing(matcher.analyse("抢劫强节")) == {"抢劫"}


def test_livelihood_words_inside_a_police_phrase_ask_for_nothing(matcher: Matcher) -> None:
    analysis = matcher.analyse("小区有人投诉拿刀")
    assert "有人…拿刀" in _standing(analysis)
    assert "投诉" not in _standing(analysis)


def test_an_unfinished_context_is_reported(matcher: Matcher) -> None:
    assert matcher.analyse("有人抢").open_from == 2
    assert matcher.analyse("有人抢劫").open_from == 4


@pytest.mark.parametrize("text", ["1200元", "isos", "x119"])
def test_numbers_and_foreign_words_stand_alone(shipped: Matcher, text: str) -> None:
    assert not [f for f in shipped.analyse(text).standing if f.phrase in {"120", "sos", "119"}]


def test_but_are_found_where_they_do(shipped: Matcher) -> None:
    assert "120" in _standing(shipped.analyse("快打120啊"))
    assert "sos" in _standing(shipped.analyse("窗户上写着SOS"))


WILD = st.text(st.characters(codec=None), max_size=60) | st.text(
    "抢劫红包有人拿刀不是没火车站停水电了，。 ", max_size=60
)


@settings(max_examples=150, deadline=None)
@given(WILD)
def test_findings_always_lie_in_the_text(text: str) -> None:
    analysis = engine().analyse(text)
    letters = analysis.spoken.letters
    for finding in (*analysis.standing, *analysis.cancelled):
        assert 0 <= finding.start < finding.end <= len(letters)
        assert finding.start <= finding.last_start < finding.end
        if not finding.by_sound and len(finding.rule.slots) == 1:
            assert letters[finding.start : finding.end] == finding.phrase
    assert 0 <= analysis.open_from <= len(letters)


@settings(max_examples=60, deadline=None)
@given(WILD)
def test_punctuation_hides_no_police_phrase(text: str) -> None:
    said = _police(engine().analyse(text))
    assert {phrase for phrase in said if len(phrase) > 2} <= _police(engine().analyse("，".join(text)))


def _police(analysis: Analysis) -> set[str]:
    return {
        finding.phrase
        for finding in analysis.standing
        if finding.rule.field.route is Route.POLICE and not finding.by_sound
    }


@pytest.mark.parametrize(
    "text", ["有人拿刀", "抢红包", "我家停水了", "不是抢劫", "啊", "有人有人拿着刀砍了老人", "强节"]
)
def test_work_grows_no_faster_than_the_text(shipped: Matcher, text: str) -> None:
    short, long = text * 40, text * 800  # a phrase of six letters is cut off at the end of either
    assert shipped.analyse(long).steps <= 21 * shipped.analyse(short).steps


def test_work_does_not_grow_with_the_lexicon(matcher: Matcher, shipped: Matcher) -> None:
    text = "嗯那个就是说我想跟你讲一下" * 30
    assert shipped.analyse(text).steps <= 8 * len(text)
    assert matcher.analyse(text).steps >= len(text)
