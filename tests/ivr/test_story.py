"""A call told by its events."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ivr.story import Story, tell
from records.events import EventKind, FeedEvent, JsonValue

BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DECIDED: dict[str, JsonValue] = {
    "route": "minsheng",
    "category": "water",
    "label": "供水",
    "priority": 3,
    "confidence": 0.97,
    "reason": "heard",
    "text": "你好，我家水管爆了",
    "evidence": [{"phrase": "水管爆了", "rule": "livelihood/water#1"}],
    "flags": ["sounds_like"],
    "history": {"text": "24小时内第2次来电：无声1", "hours": 24, "calls": 1, "kinds": {"silent": 1}},
}


def event(kind: str, after_s: float = 0.0, call: Any = "a", **data: JsonValue) -> FeedEvent:
    event.counted += 1  # type: ignore[attr-defined]
    seq: int = event.counted  # type: ignore[attr-defined]
    return FeedEvent(seq, f"id{seq}", call, kind, BEGAN + timedelta(seconds=after_s), data)


event.counted = 0  # type: ignore[attr-defined]


def a_call() -> list[FeedEvent]:
    return [
        event(EventKind.STARTED, 0, caller="13800138000"),
        event(EventKind.LOCATED, 0.01, location={"short": "五一路"}),
        event(EventKind.HEARD, 2, text="你好", is_final=True, confidence=0.9),
        event(EventKind.HEARD, 3, text="我家水管爆了", is_final=True, confidence=0.9),
        event(EventKind.DECIDED, 3.5, **DECIDED),
        event(EventKind.RELEASED, 3.6, line="police"),
        event(EventKind.QUEUED, 3.7, queue="minsheng"),
        event(EventKind.RINGING, 3.8, member="PJSIP/m201"),
        event(EventKind.ANSWERED, 5, member="PJSIP/m201"),
    ]


def test_a_call_from_its_beginning_to_an_answer() -> None:
    story = tell("a", a_call())
    assert (story.route, story.category, story.label, story.priority) == ("minsheng", "water", "供水", 3)
    assert (story.queue, story.member) == ("minsheng", "PJSIP/m201")
    assert story.heard == "你好，我家水管爆了"
    assert story.location == {"short": "五一路"}
    assert story.flags == ["sounds_like"]
    assert story.history is not None
    assert story.history["text"] == "24小时内第2次来电：无声1"
    assert story.evidence[0]["rule"] == "livelihood/water#1"
    assert story.steps_s == {
        "started": 0,
        "located": 0.01,
        "heard": 2,
        "decided": 3.5,
        "queued": 3.7,
        "ringing": 3.8,
        "answered": 5,
    }
    assert story.settled


def test_nothing_is_settled_before_somebody_answers_or_hangs_up() -> None:
    events = a_call()[:-1]
    assert not tell("a", events).settled
    assert tell("a", [*events, event(EventKind.ENDED, 9)]).settled


def test_a_call_that_is_brought_back_waits_for_the_police() -> None:
    back = [event(EventKind.RETURNED, 20, to="police"), event(EventKind.QUEUED, 20.1, queue="police")]
    story = tell("a", [*a_call(), *back])
    assert (story.queue, story.member) == ("police", None)
    assert not story.settled
    assert story.steps_s["queued"] == 3.7, "each step is that of its first time"
    assert (
        tell("a", [*a_call(), *back, event(EventKind.ANSWERED, 21, member="PJSIP/p101")]).member
        == "PJSIP/p101"
    )


def test_the_words_of_a_call_that_was_never_decided() -> None:
    events = [e for e in a_call() if e.kind in {EventKind.STARTED, EventKind.HEARD}]
    assert tell("a", events).heard == "你好，我家水管爆了"


def test_unfinished_words_are_not_told_twice() -> None:
    partial = event(EventKind.HEARD, 2.5, text="我家水", is_final=False)
    events = [e for e in a_call() if e.kind in {EventKind.STARTED, EventKind.HEARD}]
    assert tell("a", [*events, partial]).heard == "你好，我家水管爆了"


def test_words_that_arrive_after_the_decision_are_in_it_already() -> None:
    late = event(EventKind.HEARD, 4, text="我家水管爆了", is_final=True)
    assert tell("a", [*a_call(), late]).heard == "你好，我家水管爆了"


def test_a_decision_without_words_keeps_those_that_were_heard() -> None:
    events = [event(EventKind.HEARD, 1, text="喂"), event(EventKind.DECIDED, 2, **{**DECIDED, "text": ""})]
    assert tell("a", events).heard == "喂"


def test_faults_are_told() -> None:
    story = tell("a", [event(EventKind.STARTED), event(EventKind.FAULT, 1, what="AgiTimeout", detail="x")])
    assert story.faults == ["AgiTimeout"]


def test_of_equal_times_the_life_of_a_call_gives_the_order() -> None:
    """The end that AMI told and the beginning read from the call log may bear the same second."""
    story = tell("a", [event(EventKind.ENDED, 0), event(EventKind.STARTED, 0)])
    assert list(story.steps_s) == ["started", "ended"]


def test_the_facts_in_the_words_are_told() -> None:
    facts = [{"kind": "place", "value": "五一路88号"}]
    assert tell("a", [*a_call(), event(EventKind.NOTED, 4, facts=facts)]).facts == facts


def test_what_was_heard_by_the_recogniser_of_places_stands_beside_the_other_facts() -> None:
    facts: list[JsonValue] = [{"kind": "time", "value": "昨天"}]
    places: list[JsonValue] = [
        {"kind": "place", "value": "和平镇", "by": "place_recogniser", "confidence": 0.97}
    ]
    noted = [event(EventKind.NOTED, 4, facts=facts), event(EventKind.NOTED, 4.1, facts=places)]
    assert tell("a", [*a_call(), *noted]).facts == [*facts, *places]


def test_nothing_and_others() -> None:
    assert tell("a", []) == Story("a")
    assert tell("a", a_call() and [event(EventKind.STARTED, call="b")]) == Story("a")


def test_json_has_every_field_of_the_contract() -> None:
    plain: dict[str, Any] = json.loads(json.dumps(tell("a", a_call()).as_json(), ensure_ascii=False))
    assert {
        "call_id",
        "route",
        "category",
        "priority",
        "heard",
        "evidence",
        "location",
        "history",
        "queue",
        "member",
    } < set(plain)
    assert plain["steps_s"]["answered"] == 5


@given(st.permutations(a_call()))
def test_the_order_in_which_events_were_written_does_not_matter(events: list[FeedEvent]) -> None:
    assert tell("a", events) == tell("a", sorted(events, key=lambda e: e.at))


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*EventKind, "call.unheard_of"]),
            st.floats(-10, 10),
            st.dictionaries(st.sampled_from(["text", "queue", "member", "what"]), _JSON),
        ),
        max_size=8,
    )
)
def test_whatever_the_record_holds_a_story_comes_of_it(
    parts: list[tuple[str, float, dict[str, JsonValue]]],
) -> None:
    story = tell("a", [event(kind, at, **data) for kind, at, data in parts])
    assert all(seconds >= 0 for seconds in story.steps_s.values())
    assert isinstance(story.heard, str)
