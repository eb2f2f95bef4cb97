from __future__ import annotations

import pytest

from triage.decision import Route
from triage.lexicon import load_lexicon
from triage.sound_matcher import SoundMatcher
from triage.sounds import SoundTable
from triage.spoken_text import fold
from triage.word_boundaries import Segmenter

ALL = frozenset(Route)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(load_lexicon().phrases())


@pytest.fixture(scope="module")
def sounds(segmenter: Segmenter) -> SoundMatcher:
    return SoundMatcher(load_lexicon(), SoundTable(), segmenter)


def _heard(
    sounds: SoundMatcher, segmenter: Segmenter, text: str, wanted: frozenset[Route] = ALL
) -> dict[str, float]:
    found, _ = sounds.find(fold(text), [], segmenter.open(fold(text)), wanted)
    assert all(finding.by_sound for finding in found)
    return {finding.phrase: finding.weight for finding in found}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("强节", "抢劫"),
        ("着伙了", "着火了"),
        ("水管报了", "水管爆了"),
        ("跳娄", "跳楼"),
        ("就命啊", "救命啊"),
    ],
)
def test_homophones_are_heard(sounds: SoundMatcher, segmenter: Segmenter, written: str, meant: str) -> None:
    assert meant in _heard(sounds, segmenter, written)


@pytest.mark.parametrize(
    ("written", "meant"), [("拖歉工资", "拖欠工资"), ("水管饱了", "水管爆了"), ("小区亭电了", "停电了")]
)
def test_livelihood_is_heard_too(
    sounds: SoundMatcher, segmenter: Segmenter, written: str, meant: str
) -> None:
    heard = _heard(sounds, segmenter, written)
    assert meant in heard


def test_a_dictionary_word_means_itself(sounds: SoundMatcher, segmenter: Segmenter) -> None:
    assert segmenter.is_dictionary_word("北大")
    assert "被打" not in _heard(sounds, segmenter, "他在北大读书")


def test_two_syllables_need_the_very_sound(sounds: SoundMatcher, segmenter: Segmenter) -> None:
    assert "抢劫" not in _heard(sounds, segmenter, "前届")
    assert "抢劫" in _heard(sounds, segmenter, "墙结")


def test_a_short_likeness_is_said_in_one_breath(sounds: SoundMatcher, segmenter: Segmenter) -> None:
    assert "砍我" in _heard(sounds, segmenter, "他坎我")
    assert "砍我" not in _heard(sounds, segmenter, "你来看看，我在等")
    assert "救命啊" not in _heard(sounds, segmenter, "我就，明啊")


def test_two_syllables_never_free_anybody(sounds: SoundMatcher, segmenter: Segmenter) -> None:
    assert "水质" not in _heard(sounds, segmenter, "谁之")


def test_confusions_weigh_less_than_homophones(sounds: SoundMatcher, segmenter: Segmenter) -> None:
    exact = _heard(sounds, segmenter, "救明啊")["救命啊"]
    confused = _heard(sounds, segmenter, "救民啊")["救命啊"]
    assert confused < exact < 1.0


def test_known_stretches_are_not_heard_again(sounds: SoundMatcher, segmenter: Segmenter) -> None:
    found, _ = sounds.find(fold("强节"), [(0, 2)], segmenter.open(fold("强节")), ALL)
    assert found == []


def test_only_the_wanted_routes_are_heard(sounds: SoundMatcher, segmenter: Segmenter) -> None:
    assert _heard(sounds, segmenter, "强节", frozenset({Route.MINSHENG})) == {}
    assert _heard(sounds, segmenter, "强节", frozenset()) == {}


def test_no_sound_in_foreign_text(sounds: SoundMatcher, segmenter: Segmenter) -> None:
    assert _heard(sounds, segmenter, "hello 123 ÿ") == {}
