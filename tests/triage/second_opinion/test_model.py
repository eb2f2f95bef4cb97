"""The second opinion at work: the shipped weights, the shape of their file, and what it may and may not do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.decision import Route
from triage.engine import OPINION, Triage
from triage.errors import LexiconError
from triage.lexicon import load_lexicon
from triage.policy import Policy
from triage.second_opinion.features import grams
from triage.second_opinion.model import SecondOpinion
from triage.sounds import sound_table
from triage.spoken_text import fold

SOME = "kind\tgram\tweight\nbias\t\t-0.5\ncharacters\t水管\t-2\ncharacters\t不醒\t3\nsounds\tsui guan\t-1\n"


def model(folder: Path, text: str = SOME) -> SecondOpinion:
    file = folder / "weights.tsv"
    file.write_text(text, encoding="utf-8")
    return SecondOpinion.load(sound_table(), file)


@cache
def shipped_model() -> SecondOpinion:
    return SecondOpinion.load(sound_table())


@pytest.fixture(scope="module")
def shipped() -> SecondOpinion:
    return shipped_model()


shipped_model()  # loaded once, outside of any test's time limit


@given(st.text(alphabet=st.sampled_from("水管爆裂了怎么办有人打我a1，") | st.characters(), max_size=30))
def test_training_and_judging_see_the_same_grams(text: str) -> None:
    letters = fold(text).letters
    first: dict[str, tuple[int, int]] = {}
    for gram, start, end in grams(letters, sound_table().write(letters)):
        first.setdefault(gram, (start, end))
    patterns = shipped_model()._automaton.patterns
    known = {
        patterns[number]: (last + 1 - len(patterns[number]), last + 1)
        for number, last in shipped_model()._known(letters).items()
    }
    assert known == {gram: place for gram, place in first.items() if gram in known}
    assert known.keys() == first.keys() & set(patterns)


@given(st.text(max_size=30))
def test_grams_lie_where_they_say(text: str) -> None:
    letters = fold(text).letters
    sounds = sound_table().write(letters)
    found = list(grams(letters, sounds))
    assert len(sounds) == len(letters)
    for gram, start, end in found:
        assert gram in (letters[start:end], sounds[start:end])
        assert 1 <= end - start <= 3
    assert sum(gram == letters[s:e] for gram, s, e in found) >= len(letters)


def test_log_odds_are_bias_and_weights_by_the_root_of_their_number(tmp_path: Path) -> None:
    opinion = model(tmp_path).judge("水管")
    assert opinion.log_odds == pytest.approx(-0.5 + (-2 - 1) / 2**0.5)
    assert opinion.p_police < 0.5
    assert model(tmp_path).judge("水管水管水管").log_odds == pytest.approx(opinion.log_odds)


def test_homophones_are_known_by_their_sound(tmp_path: Path) -> None:
    assert model(tmp_path).judge("税馆").log_odds == pytest.approx(-0.5 - 1)


def test_nothing_known_is_the_bias(tmp_path: Path) -> None:
    for letters in ("", "天", "x" * 300):
        assert model(tmp_path).judge(letters).log_odds == -0.5


def test_the_strongest_voices_of_a_side_do_not_overlap(tmp_path: Path) -> None:
    some = model(tmp_path)
    assert [(v.gram, v.start, v.end) for v in some.strongest("水管不醒", for_police=True)] == [("不醒", 2, 4)]
    assert [(v.start, v.end) for v in some.strongest("水管不醒", for_police=False)] == [(0, 2)]
    assert some.strongest("水管", for_police=True) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind\tgram\tweight\n", "bias"),
        ("bias\t\t0\ncharacters\t水\n", ":2:"),
        ("bias\t\t0\ncharacters\t水\theavy\n", ":2:"),
        ("bias\t\t0\ncharacters\t水\tnan\n", "finite"),
        ("bias\t\t0\nsmells\t水\t1\n", "smells"),
        ("bias\t\t0\nsounds\tqqq www\t1\n", "qqq www"),
        ("bias\t\t0\ncharacters\t\t1\n", ":2:"),
        ("bias\t\t0\ncharacters\t水管爆了\t1\n", ":2:"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(LexiconError) as refused:
        model(tmp_path, text)
    assert told in str(refused.value)
    assert "weights.tsv" in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match=r"nowhere\.tsv"):
        SecondOpinion.load(sound_table(), tmp_path / "nowhere.tsv")


@given(st.text(max_size=200))
def test_any_text_is_judged(shipped: SecondOpinion, text: str) -> None:
    assert 0 <= shipped.judge(fold(text).letters).p_police <= 1


# -- what it may do ----------------------------------------------------------------------------------------


class Fixed(SecondOpinion):
    """Holds the same of every text."""

    def __init__(self, log_odds: float) -> None:
        super().__init__(log_odds, {"水": 0.0}, sound_table())


@pytest.fixture(scope="module")
def sure_of_police() -> Triage:
    return Triage(load_lexicon(), Policy.load(), Fixed(6.0))


@pytest.fixture(scope="module")
def sure_of_livelihood() -> Triage:
    return Triage(load_lexicon(), Policy.load(), Fixed(-30.0))


def test_it_may_turn_a_call_towards_police_and_says_so(sure_of_police: Triage) -> None:
    decision = sure_of_police.decide("我家水管爆了")
    assert decision.route is Route.POLICE
    assert OPINION in decision.flags


@pytest.mark.parametrize("text", ["我家水管爆了有人拿刀", "救命", "他在门口不走", "着火了", "我要转人工"])
def test_it_frees_nobody_against_police_evidence(sure_of_livelihood: Triage, text: str) -> None:
    assert sure_of_livelihood.decide(text).route is Route.POLICE


@pytest.mark.parametrize("text", ["", "喂你好", "那个就是这个", "从前有座山", "能不能帮帮我", "你们领导在吗"])
def test_it_frees_nobody_without_a_livelihood_rule(sure_of_livelihood: Triage, text: str) -> None:
    assert sure_of_livelihood.decide(text).route is Route.POLICE


def test_it_may_agree_with_a_weak_livelihood_rule(sure_of_livelihood: Triage, triage: Triage) -> None:
    decision = sure_of_livelihood.decide("我家那个水管")
    assert decision.route is Route.MINSHENG
    assert OPINION in decision.flags
    assert Triage(load_lexicon(), Policy.load()).decide("我家那个水管").route is Route.POLICE


def test_a_doubtful_recogniser_frees_nobody_with_it_either(sure_of_livelihood: Triage) -> None:
    assert sure_of_livelihood.decide("我家那个水管", 0.4).route is Route.POLICE


def test_the_version_tells_the_models_apart(sure_of_police: Triage, sure_of_livelihood: Triage) -> None:
    alone = Triage(load_lexicon(), Policy.load())
    assert len({alone.version, sure_of_police.version, sure_of_livelihood.version}) == 3
    assert sure_of_police.decide("水").lexicon_version == sure_of_police.version


def test_its_strongest_features_stand_among_the_evidence(tmp_path: Path) -> None:
    triage = Triage(load_lexicon(), Policy.load(), model(tmp_path, SOME.replace("不醒\t3\n", "紫色\t30\n")))
    decision = triage.decide("我家水管爆了，天上紫色")
    assert decision.route is Route.POLICE
    heard = [e for e in decision.evidence if e.rule == OPINION]
    assert [decision.text[e.start : e.end] for e in heard] == ["紫色"]
    assert all(0 < e.weight <= 1 for e in heard)
