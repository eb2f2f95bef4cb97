from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from triage.boundary import DOCS, Entry, load_boundary, pages, write_pages
from triage.decision import Route
from triage.engine import Triage
from triage.errors import LexiconError
from triage.lexicon import load_lexicon
from triage.spoken_text import fold

Write = Callable[[str, str], Path]
BOUNDARY = load_boundary()
ENTRIES = {entry.id: entry for entry in BOUNDARY.entries()}
EXAMPLES = [(entry, said) for entry in ENTRIES.values() for said in entry.examples]
TURNED = [
    (entry, ENTRIES[target], said)
    for entry in ENTRIES.values()
    for target, words in entry.turns.items()
    for said in words
]
_KEPT_AT_MOST = 0.15  # share of livelihood examples that the second opinion, in doubt, may leave with police
ENGINES_OWN = {"silent", "unclear", "handover"}
SMALL = """\
foreword: {zh: 前言, en: Foreword}
sources:
  law1: {zh: 拿不准归警察, en: in doubt police}
parts:
  - zh: 火
    en: Fire
    entries:
      - id: burning
        zh: 烧落叶
        en: Leaves are burnt.
        route: minsheng
        priority: 3
        turns: {fire: [着火了]}
        examples: [烧落叶, 烧树叶, 烧秸秆]
        source: law1
      - id: fire
        zh: 着火
        en: A fire.
        route: police
        category: fire
        priority: 1
        joint_service: "119"
        turns: {fire: [火很大]}
        examples: [起火了, 失火了, 冒烟了]
        source: law1
"""


@pytest.fixture(scope="module")
def rules() -> Triage:
    """The shipped rules without the second opinion."""
    return Triage.load(opinion_file=None)


# --- the lexicon decides as the rule says -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "said"), EXAMPLES, ids=[f"{e.id}-{said or 'silent'}" for e, said in EXAMPLES]
)
def test_each_example_goes_where_the_rule_says(rules: Triage, entry: Entry, said: str) -> None:
    decision = rules.decide(said)
    assert decision.route is entry.route
    assert decision.category == (entry.category or decision.category)
    assert decision.priority == entry.priority
    assert not entry.joint_service or entry.joint_service in (decision.joint_service or "").split("/")


@pytest.mark.parametrize(
    ("entry", "target", "said"), TURNED, ids=[f"{e.id}-{t.id}-{said}" for e, t, said in TURNED]
)
def test_what_is_said_on_top_turns_each_example(
    rules: Triage, entry: Entry, target: Entry, said: str
) -> None:
    for example in entry.examples:
        decision = rules.decide(example + said)
        assert decision.route is target.route, example
        assert decision.priority <= target.priority, example


def test_the_second_opinion_frees_no_police_example(triage: Triage) -> None:
    kept = [said for entry, said in EXAMPLES if entry.route is Route.POLICE]
    kept += [
        example + said
        for entry, target, said in TURNED
        if target.route is Route.POLICE
        for example in entry.examples
    ]
    freed = [said for said in kept if triage.decide(said).route is not Route.POLICE]
    assert freed == []


def test_the_second_opinion_keeps_few_livelihood_examples(triage: Triage) -> None:
    livelihood = [said for entry, said in EXAMPLES if entry.route is Route.MINSHENG]
    kept = [said for said in livelihood if triage.decide(said).route is Route.POLICE]
    assert len(kept) <= _KEPT_AT_MOST * len(livelihood), kept


def test_categories_are_fields_of_the_lexicon_on_the_same_line() -> None:
    routes = {field.id: field.route for field in load_lexicon().fields}
    for entry in ENTRIES.values():
        if entry.category in ENGINES_OWN:
            assert entry.route is Route.POLICE
        elif entry.category:
            assert routes[entry.category] is entry.route, entry.id


def test_no_example_is_a_phrase_of_the_lexicon() -> None:
    """A rule that lists the sentence it is tested with has learnt nothing."""
    phrases = load_lexicon().phrases()
    learnt = [said for _, said in EXAMPLES if len(said) > 6 and fold(said).letters in phrases]
    assert learnt == []


def test_the_rule_is_broad() -> None:
    assert len(ENTRIES) >= 45
    assert set(Route) == {entry.route for entry in ENTRIES.values()}
    assert {"noise_home", "wages_suicide", "covert", "silent", "locked_danger"} <= ENTRIES.keys()
    assert set(BOUNDARY.sources) == {entry.source for entry in ENTRIES.values()}


# --- the file ---------------------------------------------------------------------------------------------


def test_a_small_rule_is_read(write: Write) -> None:
    boundary = load_boundary(write("boundary.yaml", SMALL))
    burning, fire = boundary.entries()
    assert (burning.route, burning.category, burning.turns) == (Route.MINSHENG, None, {"fire": ("着火了",)})
    assert (fire.category, fire.priority) == ("fire", 1)


@pytest.mark.parametrize(
    ("old", "new", "key", "complaint"),
    [
        ("      - id: fire", "      - id: burning", "parts[1].entries[2].id", "already has the id 'burning'"),
        ("turns: {fire: [着火了]}", "turns: {fires: [着火了]}", "parts[1].entries[1].turns.fires", "no entry"),
        ("turns: {fire: [火很大]}", "turns: {burning: [灭了]}", "parts[1].entries[2].turns.burning", "nothing"),
        ("examples: [起火了,", "examples: [烧落叶,", "parts[1].entries[2].examples[1]", "'burning' already"),
        ("examples: [烧落叶, 烧树叶,", "examples: [烧落叶,", "parts[1].entries[1].examples", "at least 3"),
        ("        source: law1\n      - id", "        source: law\n      - id", "parts[1].entries[1].source", "'law'"),
        ("        category: fire", "        kategory: fire", "parts[1].entries[2].kategory", "triage/boundary.py"),
        ("        route: minsheng", "        route: nobody", "parts[1].entries[1].route", "police"),
    ],
)  # fmt: skip
def test_each_mistake_names_file_line_and_key(
    write: Write, old: str, new: str, key: str, complaint: str
) -> None:
    assert SMALL.count(old) == 1
    content = SMALL.replace(old, new)
    file = write("boundary.yaml", content)
    with pytest.raises(LexiconError) as caught:
        load_boundary(file)
    line = SMALL[: SMALL.index(old)].count("\n") + 1
    assert (caught.value.file, caught.value.line, caught.value.key) == (file, line, key)
    assert complaint in caught.value.problem


# --- the pages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["boundary.md", "boundary.zh-CN.md"])
def test_the_pages_are_current(name: str) -> None:
    """If not: `.venv/bin/python -m triage.boundary`."""
    assert (DOCS / name).read_text(encoding="utf-8") == pages(BOUNDARY)[name]


def test_the_pages_tell_everything() -> None:
    chinese, english = pages(BOUNDARY)["boundary.zh-CN.md"], pages(BOUNDARY)["boundary.md"]
    for entry in ENTRIES.values():
        assert entry.zh in chinese
        assert entry.en in english
    for _, said in EXAMPLES:
        assert f"“{said}”" in chinese or not any(map(str.isalnum, said))
    assert "（没有声音）" in chinese
    assert "{movable}" not in chinese + english
    assert all(field.label in chinese for field in load_lexicon().fields if field.movable)


def test_a_page_of_a_small_rule(write: Write) -> None:
    boundary = load_boundary(write("boundary.yaml", SMALL.replace("烧落叶, 烧树叶", '"…", 烧|树叶')))
    lines = pages(boundary)["boundary.md"].splitlines()
    assert lines[0] == "Foreword"
    assert "|  | all | 1 | 1 |" in lines
    assert (
        "| 1.1 | Leaves are burnt. | 民生110 | 3 | “着火了” → 1.2 "
        "| (not a sound)<br>“烧\\|树叶”<br>“烧秸秆” | 1 |" in lines
    )
    assert any(line.startswith("| 1.2 | A fire. | **police** + 119 | 1 | ") for line in lines)
    assert lines[-1] == "1. in doubt police"


def test_the_command_writes_the_pages(tmp_path: Path) -> None:
    written = write_pages(tmp_path)
    assert sorted(path.name for path in written) == ["boundary.md", "boundary.zh-CN.md"]
    assert all(path.read_text(encoding="utf-8") == pages(BOUNDARY)[path.name] for path in written)
