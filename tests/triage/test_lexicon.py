from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from triage.decision import Route
from triage.errors import LexiconError, TriageError
from triage.lexicon import DEFAULT_FOLDER, Lexicon, load_lexicon
from triage.spoken_text import fold


def _line_of(file: Path, text: str) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def _spoil(file: Path, old: str, new: str) -> int:
    """Replace a text in a file; return the line on which the new one stands."""
    content = file.read_text(encoding="utf-8")
    assert old in content
    file.write_text(content.replace(old, new, 1), encoding="utf-8")
    return _line_of(file, new.strip().splitlines()[0])


def test_rules_have_ids_and_inherit_from_their_field(small: Lexicon) -> None:
    by_id = {rule.id: rule for rule in small.rules}
    assert set(by_id) >= {"police/robbery#1", "police/robbery#3", "minsheng/water#2"}
    first = by_id["police/robbery#1"]
    assert (first.priority, first.field.label, first.field.joint_service) == (1, "抢劫", "120")
    assert first.field.route is Route.POLICE
    assert by_id["police/robbery#3"].slots == (("有人", "男的"), ("拿刀", "持刀"))


def test_phrases_name_everything_a_recogniser_must_hear(small: Lexicon) -> None:
    assert small.phrases() >= {"抢劫", "有人", "拿刀", "抢红包", "转警察", "不是", "停水"}


def test_the_version_follows_content_not_layout(folder: Path) -> None:
    before = load_lexicon(folder).version
    file = folder / "minsheng/water.yaml"
    file.write_text("# a comment\n\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_lexicon(folder).version == before
    _spoil(file, "weight: 0.4", "weight: 0.3")
    assert load_lexicon(folder).version != before


def test_the_version_does_not_depend_on_the_folder(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert load_lexicon(tmp_path / "elsewhere").version == load_lexicon(folder).version


@pytest.mark.parametrize(
    ("old", "new", "key", "complaint"),
    [
        ("weight: 1.0", "weight: 1.5", "rules[1].weight", "less than or equal to 1"),
        ("weight: 1.0", "weight: 0", "rules[1].weight", "greater than 0"),
        ("weight: 1.0", "weight: heavy", "rules[1].weight", "valid number"),
        ("    sounds: true", "    soundz: true", "rules[1].soundz", "unknown key"),
        ("priority: 1", "priority: 5", "priority", "less than or equal to 4"),
        ("label: 抢劫", "lable: 抢劫", "lable", "unknown key"),
        ("id: robbery", "id: Robbery!", "id", "pattern"),
        ("route: police", "route: fire", "route", "police"),
        ("[$person]", "[$persons]", "rules[3].together[1][1]", "no list '$persons'"),
        ("[抢劫, 救命啊]", "[抢劫, 救命啊, 抢劫]", "rules[1].phrases[3]", "stands twice"),
        ("[抢劫, 救命啊]", "[抢劫, '！？']", "rules[1].phrases[2]", "no letter"),
        ("[抢, 杀]", "[抢, 抢劫]", "rules[2].phrases[2]", "police/robbery#1 has it already"),
        ("[[$person], [拿刀, 持刀]]", "[[$person]]", "rules[3]", "at least two slots"),
        ("[[$person], [拿刀, 持刀]]", "[[$person], []]", "rules[3]", "slot of `together` is empty"),
        ("    within: 8", "    within: 99", "rules[3].within", "less than or equal to 40"),
        ('joint_service: "120"', 'joint_service: "911"', "joint_service", "119"),
    ],
)
def test_each_mistake_names_file_line_and_key(
    folder: Path, old: str, new: str, key: str, complaint: str
) -> None:
    file = folder / "police/robbery.yaml"
    line = _spoil(file, old, new)
    with pytest.raises(LexiconError) as caught:
        load_lexicon(folder)
    error = caught.value
    assert error.file == file
    assert error.key.startswith(key)
    assert complaint in error.problem
    if "together" not in complaint and key != "rules[3]":
        assert error.line == line
    assert str(file) in str(error)


def test_a_rule_is_phrases_or_a_combination(folder: Path) -> None:
    file = folder / "police/robbery.yaml"
    _spoil(file, "  - phrases: [抢, 杀]", "  - together: [[抢], [杀]]\n    phrases: [抢]")
    with pytest.raises(LexiconError, match="either `phrases` or `together`"):
        load_lexicon(folder)


def test_a_phrase_of_another_field_is_a_duplicate(folder: Path) -> None:
    _spoil(folder / "police/robbery.yaml", "救命啊", "停水")
    with pytest.raises(LexiconError, match="duplicate phrase '停水'"):
        load_lexicon(folder)


def test_negatable_must_name_a_phrase_of_the_file(folder: Path) -> None:
    _spoil(folder / "police/robbery.yaml", "negatable: [抢劫", "negatable: [着火")
    with pytest.raises(LexiconError, match="着火"):
        load_lexicon(folder)


def test_a_field_lies_in_the_folder_of_its_route(folder: Path) -> None:
    line = _spoil(folder / "minsheng/water.yaml", "route: minsheng", "route: police")
    with pytest.raises(LexiconError, match="lies in minsheng/") as caught:
        load_lexicon(folder)
    assert caught.value.line == line


def test_ids_are_given_once(folder: Path) -> None:
    shutil.copy(folder / "minsheng/water.yaml", folder / "minsheng/water2.yaml")
    with pytest.raises(LexiconError, match="already has the id"):
        load_lexicon(folder)


@pytest.mark.parametrize(
    "gone", ["common.yaml", "harmless.yaml", "police/robbery.yaml", "minsheng/water.yaml"]
)
def test_each_part_is_needed(folder: Path, gone: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(TriageError):
        load_lexicon(folder)


def test_a_context_stands_under_one_word(folder: Path) -> None:
    line = _spoil(folder / "harmless.yaml", "其他: [火车", "其他: [抢红包, 火车")
    with pytest.raises(LexiconError, match="stands under '抢' too") as caught:
        load_lexicon(folder)
    assert (caught.value.file.name, caught.value.line) == ("harmless.yaml", line)


def test_harmless_yaml_is_lists_under_words(folder: Path) -> None:
    _spoil(folder / "harmless.yaml", "抢: [抢红包]", "抢: 抢红包")
    with pytest.raises(LexiconError, match=r"harmless.yaml:1: 抢"):
        load_lexicon(folder)


def test_common_yaml_is_checked_too(folder: Path) -> None:
    line = _spoil(folder / "common.yaml", "handover:", "hand_over:")
    with pytest.raises(LexiconError) as caught:
        load_lexicon(folder)
    assert caught.value.file.name == "common.yaml"
    assert caught.value.line in {1, line}


def test_the_shipped_lexicon_is_broad() -> None:
    lexicon = load_lexicon(DEFAULT_FOLDER)
    plain = [phrase for rule in lexicon.rules if len(rule.slots) == 1 for phrase in rule.slots[0]]
    assert len(plain) >= 1500
    assert len({field.id for field in lexicon.fields if field.route is Route.POLICE}) >= 20
    assert len({field.id for field in lexicon.fields if field.route is Route.MINSHENG}) >= 20


def test_every_livelihood_field_has_a_department() -> None:
    lexicon = load_lexicon(DEFAULT_FOLDER)
    assert all(field.department for field in lexicon.fields if field.route is Route.MINSHENG)
    assert not any(field.department for field in lexicon.fields if field.route is Route.POLICE)


def test_phrases_are_folded_as_texts_are() -> None:
    assert all(fold(phrase).letters == phrase for phrase in load_lexicon(DEFAULT_FOLDER).phrases())


def test_every_shipped_file_opens_with_a_comment() -> None:
    bare = [
        file.name
        for file in DEFAULT_FOLDER.rglob("*.yaml")
        if not any(line.startswith("#") for line in file.read_text(encoding="utf-8").splitlines())
    ]
    assert bare == []


def test_every_emergency_service_is_called_by_some_field() -> None:
    services = {field.joint_service for field in load_lexicon(DEFAULT_FOLDER).fields}
    assert services >= {"119", "120", "122"}
