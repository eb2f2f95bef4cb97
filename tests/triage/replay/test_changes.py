from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.triage.conftest import write_small
from triage.decision import Evidence, Route
from triage.engine import OPINION, Triage
from triage.replay.changes import Verdict, leading_rule, replay
from triage.replay.past_calls import PastCall

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def current(small_folder: Path) -> Triage:
    return Triage.load(small_folder, opinion_file=None)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Triage:
    """The small lexicon without 抢劫, whose 停水 is urgent, and where 小区 decides alone."""
    folder = write_small(tmp_path_factory.mktemp("new"))
    file = folder / "police/robbery.yaml"
    file.write_text(
        file.read_text(encoding="utf-8")
        .replace("[抢劫, 救命啊]", "[救命啊]")
        .replace("[抢劫, 拿刀]", "[拿刀]"),
        encoding="utf-8",
    )
    file = folder / "minsheng/water.yaml"
    changed = file.read_text(encoding="utf-8").replace("priority: 3", "priority: 2")
    file.write_text(changed.replace("weight: 0.4", "weight: 1.0"), encoding="utf-8")
    return Triage.load(folder, opinion_file=None)


def _call(triage: Triage, text: str, **changes: object) -> PastCall:
    """A call as these rules decided it, or otherwise."""
    decision = triage.decide(text)
    call = PastCall(
        text, NOON, text, 1.0, decision.route, decision.category, decision.priority, decision.lexicon_version
    )
    return replace(call, **changes)  # type: ignore[arg-type]


def test_nothing_changes_with_the_same_rules(current: Triage) -> None:
    calls = [_call(current, text) for text in ("抢劫", "停水了", "", "喂", "转警察")]
    done = replay(calls, current, current)
    assert (done.calls, done.changes, done.other_rules, done.other_causes) == (5, [], 0, 0)


def test_a_change_names_both_verdicts_and_rules(current: Triage, new: Triage) -> None:
    (change,) = replay([_call(current, "停水了")], current, new).changes
    assert change.before == Verdict(Route.MINSHENG, "water", 3)
    assert change.after == Verdict(Route.MINSHENG, "water", 2)
    assert (change.rule_before, change.rule_after) == ("minsheng/water#1", "minsheng/water#1")
    assert change.by_rules
    assert not change.leaves_police


def test_an_urgent_call_that_leaves_the_police_line_comes_first(current: Triage, new: Triage) -> None:
    texts = ["停水了", "小区有人", "小区有人抢劫", "停水了抢劫"]
    done = replay([_call(current, text) for text in texts], current, new)
    assert [(change.call.text, change.leaves_police, change.urgent) for change in done.changes] == [
        ("小区有人抢劫", True, True),
        ("停水了抢劫", True, True),
        ("小区有人", True, False),
        ("停水了", False, False),
    ]
    assert done.changes[0].rule_before == "police/robbery#1"
    assert done.changes[2].rule_before is None


def test_joining_the_police_line_comes_before_other_changes(current: Triage, new: Triage) -> None:
    calls = [_call(new, "停水了"), replace(_call(new, "小区"), at=NOON + timedelta(1))]
    done = replay(calls, new, current)
    assert [change.call.text for change in done.changes] == ["小区", "停水了"]


def test_a_key_that_was_pressed_is_no_effect_of_the_rules(current: Triage, new: Triage) -> None:
    """By its words the call was livelihood; it went to police for another reason."""
    call = _call(current, "水管爆了", route=Route.POLICE, category="unclear", priority=2)
    same = replay([call], current, current)
    assert (same.changes, same.other_causes) == ([], 1)
    (change,) = replay([call], current, new).changes
    assert not change.leaves_police
    assert change.before.route is Route.MINSHENG


def test_a_call_under_other_rules_is_compared_with_its_record(current: Triage, new: Triage) -> None:
    call = _call(
        current, "停水了", lexicon_version="older", route=Route.POLICE, category="threat", priority=1
    )
    done = replay([call], current, new)
    (change,) = done.changes
    assert (done.other_rules, change.by_rules, change.rule_before) == (1, False, None)
    assert change.urgent


def test_a_low_confidence_still_frees_nobody(current: Triage, new: Triage) -> None:
    done = replay([replace(_call(current, "小区有人"), confidence=0.2)], current, new)
    assert done.changes == []


def test_the_rule_that_names_a_decision(current: Triage) -> None:
    assert leading_rule(current.decide("抢劫，停水了")) == "police/robbery#1"
    assert leading_rule(current.decide("停水了小区")) == "minsheng/water#1"
    assert leading_rule(current.decide("转警察")) == "common/handover"
    assert leading_rule(current.decide("喂")) is None


def test_a_second_opinion_that_turned_the_route_is_the_rule(current: Triage) -> None:
    decision = current.decide("停水了")
    turning = Evidence("停水", 0, 2, OPINION, OPINION, 0.7)
    assert leading_rule(replace(decision, evidence=(*decision.evidence, turning))) == OPINION


def test_a_call_is_decided_with_what_else_may_have_been_said(current: Triage, new: Triage) -> None:
    """The new rules do not know 抢劫: what kept this caller was another reading of the words."""
    kept = current.decide("停水了", alternatives=[("抢劫了", 0.5)])
    call = _call(current, "停水了", route=kept.route, category=kept.category, priority=kept.priority)
    call = replace(call, alternatives=kept.alternatives)
    done = replay([call], current, current)
    assert (done.changes, done.other_causes) == ([], 0)
    (change,) = replay([call], current, new).changes
    assert change.by_rules
    assert change.leaves_police
