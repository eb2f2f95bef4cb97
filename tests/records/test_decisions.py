from datetime import timedelta

import pytest

from records.events import CallEvent, EventKind, JsonValue
from records.store import Store
from tests.records.call_events import NOON, event, whole_call


def decided(call_id: str = "c", after_s: float = 0.0) -> CallEvent:
    return event(call_id, EventKind.DECIDED, after_s, route="police", text="有人抢劫")


def test_a_decision_tells_what_it_was_made_from(store: Store) -> None:
    store.append(whole_call())
    (decision,) = store.decisions()
    assert (decision.call_id, decision.at, decision.seq) == ("call-1", NOON + timedelta(seconds=6), 7)
    assert (decision.text, decision.route, decision.category) == ("水管爆了", "minsheng", "water")
    assert (decision.priority, decision.lexicon_version) == (3, "1.0")
    assert decision.confidence == 0.9  # the recogniser's, not the decision's 0.93


def test_the_confidence_is_of_the_finished_words_before_weighted_by_length(store: Store) -> None:
    heard = EventKind.HEARD
    store.append(
        [
            event("c", heard, 0, text="一二三", is_final=True, confidence=0.9),
            event("c", heard, 1, text="四", is_final=True, confidence=0.5),
            event("c", heard, 2, text="五六", is_final=False, confidence=0.1),
            event("c", heard, 2, text="七", is_final=True),
            event("other", heard, 2, text="八", is_final=True, confidence=0.1),
            decided("c", 3),
            event("c", heard, 4, text="九", is_final=True, confidence=0.1),
        ]
    )
    assert [decision.confidence for decision in store.decisions()] == [0.8]


def test_nothing_finished_is_no_doubt(store: Store) -> None:
    store.append([decided()])
    assert [decision.confidence for decision in store.decisions()] == [1.0]


def test_a_time_is_from_and_not_until(store: Store) -> None:
    store.append([decided(f"c{second}", second) for second in range(4)])

    def seconds(since: int | None, until: int | None) -> list[str]:
        first, last = (None if s is None else NOON + timedelta(seconds=s) for s in (since, until))
        return [decision.call_id for decision in store.decisions(first, last)]

    assert seconds(1, 3) == ["c1", "c2"]
    assert seconds(2, None) == ["c2", "c3"]
    assert seconds(None, 1) == ["c0"]


def test_pages_follow_one_another(store: Store) -> None:
    store.append([decided(f"c{n}", n) for n in range(5)])
    first = store.decisions(limit=3)
    rest = store.decisions(after=first[-1].seq, limit=3)
    assert [d.call_id for d in first + rest] == ["c0", "c1", "c2", "c3", "c4"]


@pytest.mark.parametrize("value", [None, 7, True, [1], {"a": 1}, 1e300])
def test_nonsense_in_an_event_is_left_out(value: JsonValue, store: Store) -> None:
    store.append(
        [
            event("c", EventKind.HEARD, 0, text="好", is_final=True, confidence=value),
            event("c", EventKind.DECIDED, 1, route="police", text=value, category=value, priority=value,
                  lexicon_version=value),
        ]
    )  # fmt: skip
    (decision,) = store.decisions()
    assert (decision.category, decision.lexicon_version) == (None, None)
    assert decision.priority in {None, 7}
    assert 0 <= decision.confidence <= 1


def test_an_empty_feed_has_none(store: Store) -> None:
    assert store.decisions() == []


def test_other_readings_are_told_and_nothing_else_that_stands_there(store: Store) -> None:
    listed: list[JsonValue] = [["有人抢劫", 0.25], ["水", 1], "x", ["x"], [5, 0.1], ["x", "y"], None]
    store.append(
        [event("c", EventKind.DECIDED, 0, route="police", text="x", alternatives=listed), decided("d")]
    )
    assert [d.alternatives for d in store.decisions()] == [(("有人抢劫", 0.25), ("水", 1.0)), ()]
