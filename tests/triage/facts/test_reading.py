from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from triage.errors import LexiconError
from triage.facts.reading import DEFAULT_FILE, WordLists, longest_apart


@pytest.fixture(scope="module")
def lists() -> WordLists:
    return WordLists()


def test_hits_are_sorted_by_list_and_named_by_their_entry(lists: WordLists) -> None:
    reading = lists.read("他拿 西瓜刀 砍人")
    assert reading.letters == "他拿西瓜刀砍人"
    assert [(hit.start, hit.end, hit.value) for hit in reading.hits["weapon"]] == [
        (2, 5, "水果刀"),
        (4, 5, "刀"),
    ]


def test_the_longest_of_overlapping_hits_stays(lists: WordLists) -> None:
    kept = longest_apart(lists.read("拿西瓜刀和刀").hits["weapon"])
    assert [(hit.start, hit.end) for hit in kept] == [(1, 4), (5, 6)]


def test_a_pause_breaks_and_a_space_does_not(lists: WordLists) -> None:
    assert lists.read("手 受伤").unbroken(0, 3)
    assert not lists.read("手，受伤").unbroken(0, 3)
    assert lists.read("，手受伤").unbroken(0, 3)


def test_a_word_twice_in_one_list_is_refused(tmp_path: Path) -> None:
    words = yaml.safe_load(DEFAULT_FILE.read_text(encoding="utf-8"))
    words["edge"].append(words["edge"][0])
    file = tmp_path / "words.yaml"
    file.write_text(yaml.safe_dump(words, allow_unicode=True), encoding="utf-8")
    with pytest.raises(LexiconError, match="stands twice"):
        WordLists(file)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    file = tmp_path / "words.yaml"
    file.write_text("weapon: {}\n", encoding="utf-8")
    with pytest.raises(LexiconError, match="injury"):
        WordLists(file)
