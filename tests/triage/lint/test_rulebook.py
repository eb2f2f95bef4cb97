from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from triage.errors import LexiconError
from triage.lint.rulebook import Rulebook
from triage.policy import DEFAULT_FILE

Write = Callable[[str, str], Path]


def test_everything_knows_its_place(small_folder: Path) -> None:
    book = Rulebook.load(small_folder, DEFAULT_FILE)
    lines = {file: file.read_text(encoding="utf-8").splitlines() for file in small_folder.rglob("*.yaml")}
    for listed in (*book.plain, *book.harmless, *book.handover, *book.negatable):
        assert listed.phrase in lines[listed.place.file][listed.place.line - 1]
    assert {combined.rule.id for combined in book.combined} == {"police/robbery#3"}
    assert "together" in lines[book.combined[0].place.file][book.combined[0].place.line - 1]
    owners = {listed.owner for listed in book.harmless + book.negatable + book.handover}
    assert owners == {
        "harmless/抢",
        "harmless/杀",
        "harmless/其他",
        "police/robbery/negatable",
        "common/handover",
    }


def test_what_needs_edges_and_what_is_heard(small_folder: Path) -> None:
    plain = {plain.phrase: plain for plain in Rulebook.load(small_folder, DEFAULT_FILE).plain}
    assert plain["抢"].needs_edges
    assert not plain["抢劫"].needs_edges
    assert plain["抢劫"].by_sound
    assert plain["水管爆了"].by_sound
    assert not plain["停水"].by_sound  # two letters never free anybody by their sound
    assert plain["抢劫"].police
    assert not plain["停水"].police


def test_police_weight_is_of_what_is_written(small_folder: Path) -> None:
    book = Rulebook.load(small_folder, DEFAULT_FILE)
    assert book.police_weight("停水抢劫") == 1.0
    assert book.police_weight("停水强节") == 0.0
    assert book.police_weight("抢红包") == 0.0


def test_a_towns_words_are_looked_at_too(small_folder: Path, write: Write) -> None:
    town = write("town.yaml", "fields:\n  water:\n    phrases: [东湖二供]\nharmless:\n  - 抢渡节\n")
    book = Rulebook.load(small_folder, DEFAULT_FILE, town)
    own = {listed.phrase: (listed.owner, listed.place.line) for listed in (*book.plain, *book.harmless)}
    assert own["东湖二供"] == ("town/water#1", 3)
    assert own["抢渡节"] == ("town/harmless", 5)


def test_a_broken_lexicon_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError):
        Rulebook.load(tmp_path, DEFAULT_FILE)
