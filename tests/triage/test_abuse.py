"""Insults to whoever answers: marked for the person who takes the call, and without any weight on the route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.shipped import engine
from triage.decision import Decision, Listening, Route
from triage.engine import Triage
from triage.errors import LexiconError
from triage.lexicon import Abuse, load_lexicon
from triage.policy import Policy

INSULTS = ["操你妈", "傻逼", "你们这帮废物", "去你妈的"]
MATTERS = [
    "有人拿刀砍人",
    "我家停水了",
    "救命啊",
    "路灯坏了",
    "转警察",
    "不是抢劫",
    "你好",
    "物业乱收费",
    "他打我",
]
SAID = st.lists(
    st.sampled_from([*INSULTS, *MATTERS, "，", "那个", "骂我", "逼迫", "杀", "抢"]), max_size=7
).map("".join)


@cache
def polite() -> Triage:
    """The shipped engine with its list of insults left out."""
    return Triage(replace(load_lexicon(), abuse=Abuse()), Policy.load(), engine()._opinion)


@pytest.mark.parametrize(
    "text", ["操你妈", "你们警察都是傻逼", "傻逼，接电话", "去你妈的吧", "你们这帮废物有什么用"]
)
def test_an_insult_is_marked(triage: Triage, text: str) -> None:
    decision = triage.decide(text)
    assert "abusive" in decision.flags
    assert decision.route is Route.POLICE


@pytest.mark.parametrize(
    "text",
    [
        "他骂我傻逼",  # told, not said to us
        "老板说我是王八蛋还骂我们操你妈",
        "他一个傻逼迫我签字",  # no word of its own: 逼迫
        "你好我家停水了",
        "",
    ],
)
def test_what_is_told_and_what_is_none_is_not_marked(triage: Triage, text: str) -> None:
    assert "abusive" not in triage.decide(text).flags


def test_a_harmless_context_takes_it_away(folder: Path) -> None:
    with (folder / "harmless.yaml").open("a", encoding="utf-8") as harmless:
        harmless.write("傻: [傻瓜相机]\n")
    with (folder / "common.yaml").open("a", encoding="utf-8") as common:
        common.write("abuse: {words: [傻瓜]}\n")
    small = Triage.load(folder)
    assert "abusive" in small.decide("你是傻瓜").flags
    assert "abusive" not in small.decide("我的傻瓜相机").flags


def test_a_lexicon_without_the_list_marks_nothing(folder: Path) -> None:
    assert "abusive" not in Triage.load(folder).decide("操你妈").flags


@pytest.mark.parametrize("said", ["[傻, 傻]", "['！']"])
def test_a_mistake_in_the_list_is_named(folder: Path, said: str) -> None:
    common = folder / "common.yaml"
    common.write_text(common.read_text(encoding="utf-8") + f"abuse:\n  words: {said}\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"common.yaml:\d+: abuse.words"):
        load_lexicon(folder)


def test_an_emergency_in_foul_language_is_one(triage: Triage) -> None:
    verdict, decision = triage.listen("操你妈你们快来有人拿刀砍人")
    assert verdict is Listening.POLICE_NOW
    assert decision.category != "unclear"
    assert "abusive" in decision.flags


def test_a_request_in_foul_language_is_one(triage: Triage) -> None:
    decision = triage.decide("你们这帮废物，我家停水三天了")
    assert (decision.route, decision.category) == (Route.MINSHENG, "water")
    assert "abusive" in decision.flags


def without_the_mark(decision: Decision) -> Decision:
    return replace(decision, flags=tuple(f for f in decision.flags if f != "abusive"), lexicon_version="")


@settings(max_examples=120, deadline=None)
@given(SAID | st.text(max_size=40), st.sampled_from([1.0, 0.8, 0.4]))
def test_insults_have_no_weight_on_anything(text: str, confidence: float) -> None:
    """Law 1: everything but the mark is as if the list were empty, at every moment of the sentence."""
    ask: list[Callable[[Triage], tuple[object, Decision]]] = [lambda t: (None, t.decide(text, confidence))]
    ask += [lambda t, n=n: t.listen(text[:n], confidence) for n in range(len(text) + 1)]  # type: ignore[misc]
    for question in ask:
        (verdict, decision), (other, plain) = question(engine()), question(polite())
        assert verdict is other
        assert without_the_mark(decision) == without_the_mark(plain)
