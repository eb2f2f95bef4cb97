from collections import defaultdict
from math import exp, inf, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.recipe.language_model import LanguageModel, estimate

_WORDS = "我你他要来走"
_VOCABULARY = frozenset(_WORDS)
_GENERIC = {"我": 100, "你": 50, "走": 10}
_TEXTS = st.lists(st.lists(st.sampled_from(_WORDS), max_size=6), min_size=1, max_size=30)


class _Walker:
    """Reads a model as a deterministic automaton that backs off when there is no arc."""

    def __init__(self, model: LanguageModel) -> None:
        self.arcs: dict[int, dict[str, tuple[int, float]]] = defaultdict(dict)
        self.back: dict[int, tuple[int, float]] = {}
        for arc in model.arcs:
            if arc.word is None:
                self.back[arc.source] = (arc.target, arc.cost)
            else:
                assert arc.word not in self.arcs[arc.source], "two arcs for one word"
                self.arcs[arc.source][arc.word] = (arc.target, arc.cost)
        self.finals = dict(model.finals)
        self.start = model.start

    def step(self, state: int, word: str) -> tuple[int, float]:
        spent = 0.0
        while word not in self.arcs[state]:
            state, cost = self.back[state]
            spent += cost
        target, cost = self.arcs[state][word]
        return target, spent + cost

    def end(self, state: int) -> float:
        spent = 0.0
        while state not in self.finals:
            if state not in self.back:
                return inf
            state, cost = self.back[state]
            spent += cost
        return spent + self.finals[state]

    def cost(self, sentence: str) -> float:
        state, spent = self.start, 0.0
        for word in sentence:
            state, cost = self.step(state, word)
            spent += cost
        return spent + self.end(state)


def _walker(texts: list[list[str]]) -> _Walker:
    return _Walker(estimate(texts, _GENERIC, _VOCABULARY))


@settings(max_examples=60)
@given(_TEXTS)
def test_every_sentence_has_a_finite_cost(texts: list[list[str]]) -> None:
    walker = _walker(texts)
    for sentence in ("", "我", "我要走", "来来来来", "他你我"):
        assert 0 <= walker.cost(sentence) < 200


@settings(max_examples=60)
@given(_TEXTS)
def test_the_words_after_any_history_add_up_to_one(texts: list[list[str]]) -> None:
    walker = _walker(texts)
    for state in [walker.start, *walker.arcs]:
        total = sum(exp(-walker.step(state, word)[1]) for word in _WORDS) + exp(-walker.end(state))
        assert total == pytest.approx(1, abs=0.02)


@settings(max_examples=30)
@given(_TEXTS)
def test_the_same_text_gives_the_same_model(texts: list[list[str]]) -> None:
    assert estimate(texts, _GENERIC, _VOCABULARY) == estimate(texts, _GENERIC, _VOCABULARY)


def test_what_was_said_often_costs_less() -> None:
    walker = _walker([list("我要走")] * 20 + [list("你来")] * 5)
    assert walker.cost("我要走") < walker.cost("你来") < walker.cost("走要我")


def test_a_triple_knows_more_than_a_pair() -> None:
    walker = _walker([list("我要走")] * 20 + [list("你要来")] * 20)
    after_me = walker.step(walker.step(walker.start, "我")[0], "要")[0]
    after_you = walker.step(walker.step(walker.start, "你")[0], "要")[0]
    assert walker.step(after_me, "走")[1] < walker.step(after_you, "走")[1] - log(3)


def test_words_of_ordinary_life_can_be_heard_though_no_template_has_them() -> None:
    walker = _walker([list("我要")] * 50)
    assert walker.cost("走") < walker.cost("来")  # 走 has a frequency, 来 has none


def test_every_history_leaves_room_for_other_words() -> None:
    walker = _walker([list("我要走")] * 1000)
    state, _ = walker.step(walker.start, "我")
    assert 0.02 < 1 - exp(-walker.step(state, "要")[1]) < 0.2


def test_rare_pairs_are_left_out() -> None:
    model = estimate([list("我要走")] + [list("你来")] * 5, _GENERIC, _VOCABULARY)
    walker = _Walker(model)
    state, _ = walker.step(walker.start, "我")
    assert state == 0 or "要" not in walker.arcs[state]


def test_arcs_lead_to_states_that_exist() -> None:
    model = estimate([list("我要走"), list("我要来"), list("我要走")] * 4, _GENERIC, _VOCABULARY)
    assert {arc.source for arc in model.arcs} | {arc.target for arc in model.arcs} <= set(range(model.states))
    assert 0 <= model.start < model.states
    assert all(arc.cost >= -1e-9 for arc in model.arcs)
