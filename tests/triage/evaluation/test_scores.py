from __future__ import annotations

from pathlib import Path

import pytest

from triage.decision import Route
from triage.engine import Triage
from triage.evaluation.labels import Labels
from triage.evaluation.scores import Scores, score

SENTENCES = [
    ("有人抢劫", "robbery"), ("停水了", "water"), ("停水了", "robbery"), ("抢劫", "water"), ("救命啊", "any"),
    ("停水了", "nonsense"), ("喂", "minsheng"),
]  # fmt: skip


@pytest.fixture(scope="module")
def small(small_folder: Path) -> Triage:
    return Triage.load(small_folder, opinion_file=None)


@pytest.fixture(scope="module")
def scores(small: Triage) -> Scores:
    return score(small, SENTENCES, Labels(small, police=["any"]))


def test_routes_are_counted(scores: Scores) -> None:
    police, minsheng = Route.POLICE, Route.MINSHENG
    assert scores.routes == {
        (police, police): 2, (police, minsheng): 1, (minsheng, minsheng): 1, (minsheng, police): 2,
    }  # fmt: skip
    assert (scores.right(police).hits, scores.right(police).total) == (2, 3)
    assert (scores.right(minsheng).hits, scores.right(minsheng).total) == (1, 3)


def test_misses_are_kept_apart(scores: Scores) -> None:
    assert [(miss.said, miss.label) for miss in scores.freed] == [("停水了", "robbery")]
    assert [(miss.said, miss.label) for miss in scores.kept] == [("抢劫", "water"), ("喂", "minsheng")]


def test_names_are_counted_where_the_label_is_a_field(scores: Scores) -> None:
    assert scores.names == {
        ("robbery", "robbery"): 1, ("water", "water"): 1, ("robbery", "water"): 1, ("water", "robbery"): 1,
    }  # fmt: skip
    assert (scores.named.hits, scores.named.total) == (2, 4)


def test_unknown_labels_are_left_out_and_counted(scores: Scores) -> None:
    assert scores.left_out == {"nonsense": 1}


def test_what_is_decided_is_what_was_heard(small: Triage) -> None:
    heard = score(small, [("停水了", "water")], Labels(small), lambda _: "抢劫")
    (miss,) = heard.kept
    assert (miss.said, miss.decision.text) == ("停水了", "抢劫")
