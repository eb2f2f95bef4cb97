from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from triage.boundary import DOCS, load_boundary
from triage.commands import main
from triage.decision import Listening, Route
from triage.engine import Triage
from triage.errors import LexiconError
from triage.lexicon import Field, Lexicon, Rule, load_lexicon
from triage.town import load_town

Write = Callable[[str, str], Path]
SHIPPED = load_lexicon()
LOST = """\
id: lost
label: 失物招领
route: police
priority: 3
movable: true
rules:
  - phrases: [钱包丢了]
    weight: 1.0
harmless: [没事]
"""


@pytest.fixture
def small(folder: Path) -> Lexicon:
    """The small lexicon with one field that may be moved."""
    (folder / "police/lost.yaml").write_text(LOST, encoding="utf-8")
    return load_lexicon(folder)


def _field(lexicon: Lexicon, name: str) -> Field:
    return next(field for field in lexicon.fields if field.id == name)


def _rules(lexicon: Lexicon, name: str) -> list[Rule]:
    return [rule for rule in lexicon.rules if rule.field.id == name]


# --- what a town may change -------------------------------------------------------------------------------


def test_any_field_may_come_to_the_police(write: Write, small: Lexicon) -> None:
    town = load_town(write("town.yaml", "fields: {water: {route: police, priority: 2}}"), small)
    water = _field(town.lexicon, "water")
    assert (water.route, water.priority, water.department) == (Route.POLICE, 2, None)
    assert [rule.id for rule in _rules(town.lexicon, "water")] == ["minsheng/water#1", "minsheng/water#3"]
    assert all(rule.field is water and rule.priority == 2 for rule in _rules(town.lexicon, "water"))
    assert town.given_away == frozenset()


def test_a_movable_field_may_leave_them(write: Write, small: Lexicon) -> None:
    town = load_town(
        write("town.yaml", "fields: {lost: {route: minsheng, department: 招领处, priority: 4}}"), small
    )
    lost = _field(town.lexicon, "lost")
    assert (lost.route, lost.priority, lost.department) == (Route.MINSHENG, 4, "招领处")
    assert town.given_away == {"lost"}
    assert _field(town.lexicon, "robbery") is _field(small, "robbery")


def test_a_department_is_renamed_and_nothing_else(write: Write, small: Lexicon) -> None:
    town = load_town(write("town.yaml", "fields: {water: {department: 水投公司}}"), small)
    assert _field(town.lexicon, "water") == replace(_field(small, "water"), department="水投公司")
    assert len(town.lexicon.rules) == len(small.rules)


def test_a_rule_with_a_priority_of_its_own_keeps_it(write: Write, folder: Path) -> None:
    file = folder / "minsheng/water.yaml"
    content = file.read_text(encoding="utf-8")
    file.write_text(content.replace("weight: 1.0", "weight: 1.0\n    priority: 1"), encoding="utf-8")
    town = load_town(write("town.yaml", "fields: {water: {priority: 4}}"), load_lexicon(folder))
    assert [rule.priority for rule in _rules(town.lexicon, "water")] == [1, 4, 4]


def test_own_phrases_and_contexts(write: Write, small: Lexicon) -> None:
    town = load_town(write("town.yaml", "fields: {water: {phrases: [闸口 没水]}}\nharmless: [抢水坝]"), small)
    own = _rules(town.lexicon, "water")[-1]
    assert (own.id, own.slots, own.weight, own.priority) == ("town/water#1", (("闸口没水",),), 1.0, 3)
    assert town.lexicon.harmless - small.harmless == {"抢水坝"}
    assert town.lexicon.phrases() - small.phrases() == {"闸口没水", "抢水坝"}


def test_the_version_covers_it(write: Write, small: Lexicon) -> None:
    content = "fields: {water: {priority: 2}}\n"
    version = load_town(write("a.yaml", content), small).lexicon.version
    assert version != small.version
    assert len(version) == len(small.version)
    assert load_town(write("deep/b.yaml", "# why\n\n" + content), small).lexicon.version == version
    assert load_town(write("c.yaml", content.replace("2", "4")), small).lexicon.version != version
    other = replace(small, version="000000000000")
    assert load_town(write("a.yaml", content), other).lexicon.version != version


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "fields: {}\n", "harmless: []\n"])
def test_a_file_that_says_nothing_changes_nothing(write: Write, small: Lexicon, content: str) -> None:
    assert load_town(write("town.yaml", content), small).lexicon == small


# --- what it may not --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [field.id for field in SHIPPED.fields if field.route is Route.POLICE and not field.movable]
)
def test_what_is_the_polices_stays(write: Write, name: str) -> None:
    content = f"fields:\n  water: {{priority: 3}}\n  {name}:\n    department: 城管\n    route: minsheng\n"
    file = write("town.yaml", content)
    with pytest.raises(LexiconError, match="stays with police") as caught:
        load_town(file, SHIPPED)
    assert (caught.value.file, caught.value.line) == (file, 5)
    assert caught.value.key == f"fields.{name}.route"


def test_few_fields_are_movable_and_none_of_danger() -> None:
    movable = {field.id for field in SHIPPED.fields if field.movable}
    assert movable == {"lost_found", "traffic_jam"}
    assert all(rule.priority >= 3 for rule in SHIPPED.rules if rule.field.id in movable)


@pytest.mark.parametrize(
    ("old", "new"),
    [("priority: 3", "priority: 2"), ("weight: 1.0", "weight: 1.0\n    priority: 2"), ("police", "minsheng")],
)
def test_the_lexicon_cannot_make_danger_movable(folder: Path, old: str, new: str) -> None:
    route = "minsheng" if new == "minsheng" else "police"
    (folder / route / "lost.yaml").write_text(LOST.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LexiconError, match="danger stays with police"):
        load_lexicon(folder)


@pytest.mark.parametrize(
    ("content", "line", "key", "complaint"),
    [
        ("fields:\n  watr: {priority: 2}", 2, "fields.watr", "did you mean 'water'"),
        ("fields:\n  zzz: {priority: 2}", 2, "fields.zzz", "the lexicon's files"),
        ("fields:\n  lost: {route: minsheng}", 2, "fields.lost", "add `department`"),
        ("fields:\n  robbery:\n    priority: 2", 3, "fields.robbery.priority", "stays 1"),
        ("fields:\n  water: {prio: 2}", 2, "fields.water.prio", "triage/town.py"),
        ("fields:\n  water: {priority: 7}", 2, "fields.water.priority", "less than or equal to 4"),
        ("fields:\n  water: {route: fire}", 2, "fields.water.route", "police"),
        ("fields:\n  water: {phrases: [停水]}", 2, "fields.water.phrases[1]", "minsheng/water#1 has it already"),
        ("fields:\n  water: {phrases: [没水滴, 没水滴]}", 2, "fields.water.phrases[2]", "town/water#1 has it"),
        ("fields:\n  water: {phrases: [水]}", 2, "fields.water.phrases[1]", "at least two letters"),
        ("harmless:\n  - 抢水坝\n  - 抢水", 3, "harmless[2]", "at least three letters"),
        ("harmless:\n  - 有人抢劫", 2, "harmless[1]", "all police words"),
        ("harmless:\n  - 有人杀", 2, "harmless[1]", "all police words"),
        ("harmless:\n  - 转警察", 2, "harmless[1]", "all police words"),
        ("harmless: {", 2, "(yaml)", "not well-formed"),
        ("- fields", 1, "(file)", "valid dictionary"),
    ],
)  # fmt: skip
def test_each_mistake_names_file_line_and_key(
    write: Write, small: Lexicon, *, content: str, line: int, key: str, complaint: str
) -> None:
    file = write("town.yaml", content + "\n")
    with pytest.raises(LexiconError) as caught:
        load_town(file, small)
    assert (caught.value.file, caught.value.line, caught.value.key) == (file, line, key)
    assert complaint in caught.value.problem


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(LexiconError, match="cannot be read"):
        Triage.load(folder, town_file=tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("harmless:\n  - 抢水坝\n  - 停水了我不跟机器说我要找警察", 3, "我家停水了我不跟机器说我要找警察"),
        ("fields:\n  noise:\n    phrases: [你们过来一下]", 3, "你们过来一下好不好"),
    ],
)  # fmt: skip
def test_no_word_of_a_town_frees_a_police_example(write: Write, content: str, line: int, said: str) -> None:
    file = write("town.yaml", content + "\n")
    with pytest.raises(LexiconError, match=said) as caught:
        Triage.load(town_file=file)
    assert (caught.value.file, caught.value.line) == (file, line)


def test_a_lexicon_that_fails_by_itself_is_not_the_towns_fault(write: Write, folder: Path) -> None:
    """The small lexicon knows next to none of the boundary's examples."""
    rules = "\n  - phrases: [在家里, 小孩]\n    weight: 1.0"
    file = folder / "minsheng/water.yaml"
    file.write_text(file.read_text(encoding="utf-8").rstrip() + rules + "\n", encoding="utf-8")
    alone = Triage.load(folder, opinion_file=None)
    assert alone.decide("我儿子精神病发作在家里砸东西").route is Route.MINSHENG
    file = write("town.yaml", "fields: {water: {department: 水投公司}}")
    town = Triage.load(folder, opinion_file=None, town_file=file)
    assert town.decide("停水").department == "水投公司"


# --- a town at work ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example that the foreword of the boundary shows."""
    (example,) = re.findall(r"```yaml\n(.*?)```", load_boundary().foreword.zh, re.DOTALL)
    file = tmp_path_factory.mktemp("town") / "town.yaml"
    file.write_text(dedent(example), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def moved(town: Path) -> Triage:
    """The rules of that town, without the second opinion."""
    return Triage.load(opinion_file=None, town_file=town)


@pytest.fixture(scope="module")
def unmoved() -> Triage:
    """The rules of no town, without the second opinion."""
    return Triage.load(opinion_file=None)


def test_the_documented_example_is_sound(write: Write) -> None:
    page = (DOCS / "lexicon.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "fields:" in block)
    town = load_town(write("town.yaml", example), SHIPPED)
    assert town.given_away == {"lost_found"}
    assert _field(town.lexicon, "parking").route is Route.POLICE


@pytest.mark.parametrize(
    "said", ["楼上砸墙吵死了", "工地吵死人了", "对面工地半夜打桩", "邻居家的狗叫个不停", "广场舞太吵"]
)
def test_noise_comes_to_the_police_as_noise(moved: Triage, said: str) -> None:
    """Contexts that were there for livelihood words (打桩, 吵死人了) cancel neither these words nor lose their use."""
    decision = moved.decide(said)
    assert (decision.route, decision.category, decision.priority) == (Route.POLICE, "noise", 3)
    assert moved.listen(said + "啊")[0] is Listening.POLICE_NOW


def test_whoever_only_mentions_it_is_freed_as_before(moved: Triage) -> None:
    assert moved.decide("工地门口的路灯坏了").route is Route.MINSHENG


def test_lost_things_leave_the_police_and_theft_does_not(moved: Triage) -> None:
    decision = moved.decide("我的钱包丢了")
    assert (decision.route, decision.category) == (Route.MINSHENG, "lost_found")
    assert decision.department == "失物招领中心"
    assert moved.decide("我的钱包丢了是被偷了").route is Route.POLICE
    assert moved.decide("电动车不见了").route is Route.POLICE


def test_own_words_and_names_count(moved: Triage, unmoved: Triage) -> None:
    assert unmoved.decide("枪楼村停水了").route is Route.POLICE
    assert moved.decide("枪楼村停水了").route is Route.MINSHENG
    assert moved.decide("枪楼村停水了有人开枪").route is Route.POLICE
    found = moved.decide("闸口站没水")
    assert (found.department, [e.rule for e in found.evidence]) == ("市水务集团", ["town/water#1"])
    assert found.lexicon_version == moved.version != unmoved.version


def test_the_boundary_holds_in_that_town(moved: Triage) -> None:
    freed = [
        said
        for entry in load_boundary().entries()
        for said in entry.examples
        if entry.route is Route.POLICE and entry.category != "lost_found"
        if moved.decide(said).route is not Route.POLICE
    ]
    assert freed == []


# --- the command line -------------------------------------------------------------------------------------


def test_the_command_line_takes_it(write: Write, folder: Path) -> None:
    file = write("town.yaml", "fields: {water: {department: 水投公司}}")
    done = CliRunner().invoke(main, ["--json", "--lexicon", str(folder), "--town", str(file), "停水"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["route"] == "minsheng"


def test_the_command_line_names_what_is_wrong(write: Write, folder: Path) -> None:
    file = write("town.yaml", "fields:\n  robbery: {route: minsheng}\n")
    done = CliRunner().invoke(main, ["--check", "--lexicon", str(folder), "--town", str(file)])
    assert done.exit_code == 1
    assert "town.yaml:2: fields.robbery.route" in done.stderr.replace("\n", "")
    assert done.stdout == ""
