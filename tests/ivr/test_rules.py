"""New rules while calls go on: all of them or none, and a call under way keeps those that it began with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.control import Reloaded
from ivr.kept_rules import KeptRules
from ivr.rules import LiveRules
from records.events import EventKind
from tests.ivr.exchange_house import House, engine, house, pool, variables
from tests.ivr.line import Line
from tests.ivr.scripted_engine import ScriptedEngine, part
from tests.triage.conftest import write_small
from triage.engine import Triage
from triage.errors import InputFileError, LexiconError
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer
from triage.lexicon import load_lexicon
from triage.policy import Policy

__all__ = ["engine", "house", "pool"]
CLEAR = "我家水管爆了"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small lexicon on disk."""
    return write_small(tmp_path / "lexicon")


@pytest.fixture
def rules(folder: Path) -> LiveRules:
    return LiveRules(lambda: Triage.load(folder))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_sound_rules_take_the_place_of_the_old_ones(rules: LiveRules, folder: Path) -> None:
    old = rules.current
    change(folder / "minsheng/water.yaml", "停水", "没水")
    with capture_logs() as logs:
        done = rules.reload()
    assert done == Reloaded(old.version, rules.current.version)
    assert rules.current.version != old.version
    assert rules.current.decide("没水").category == "water"
    assert old.decide("停水").category == "water", "a call that has the old rules keeps them"
    assert logs == [{"event": "triage.reloaded", "log_level": "info", "before": done.before, "now": done.now}]


def test_a_mistake_changes_nothing_and_is_named(rules: LiveRules, folder: Path) -> None:
    old = rules.current
    change(folder / "minsheng/water.yaml", "停水", "没水")
    change(folder / "police/robbery.yaml", "    within: 8", "    within: 99")
    with capture_logs() as logs:
        done = rules.reload()
    assert rules.current is old
    assert (done.before, done.now) == (old.version, old.version)
    assert "police/robbery.yaml:14: rules[3].within" in done.error
    (entry,) = logs
    assert entry["event"] == "triage.not_reloaded"
    assert entry["log_level"] == "error"
    assert (entry["file"], entry["line"], entry["key"]) == (
        str(folder / "police/robbery.yaml"),
        14,
        "rules[3].within",
    )


def test_the_countys_places_are_loaded_anew_as_well(folder: Path, tmp_path: Path) -> None:
    places = tmp_path / "places.csv"
    places.write_text("name,level\n召阳街道,town\n", encoding="utf-8")
    rules = LiveRules(lambda: Triage.load(folder), lambda: FactFinder(Gazetteer.load(places)))
    change(places, "召阳", "昭阳")
    assert not rules.reload().error
    assert [fact.value for fact in rules.facts.find("在召阳街道")] == ["昭阳街道"]
    assert "昭阳街道" in rules.places.phrases


def test_a_mistake_in_the_places_leaves_the_rules_as_they_were_too(folder: Path, tmp_path: Path) -> None:
    places = tmp_path / "places.csv"
    places.write_text("name,level\n昭阳街道,town\n", encoding="utf-8")
    rules = LiveRules(lambda: Triage.load(folder), lambda: FactFinder(Gazetteer.load(places)))
    old, facts = rules.current, rules.facts
    change(folder / "minsheng/water.yaml", "停水", "没水")
    change(places, "town", "galaxy")
    with capture_logs() as logs:
        done = rules.reload()
    assert (rules.current, rules.facts) == (old, facts)
    assert "places.csv:2" in done.error
    assert (logs[0]["file"], logs[0]["line"]) == (str(places), 2)


def test_without_a_sound_list_of_places_calls_are_answered_as_well(folder: Path, tmp_path: Path) -> None:
    with capture_logs() as logs:
        rules = LiveRules(lambda: Triage.load(folder), lambda: FactFinder(Gazetteer.load(tmp_path / "gone")))
    assert [entry["event"] for entry in logs] == ["gazetteer.unusable"]
    assert rules.facts.find("五一路八十八号")


@pytest.fixture
def kept(folder: Path, tmp_path: Path) -> KeptRules:
    return KeptRules(tmp_path / "var" / "rules", lexicon=folder, town=None)


def begun(kept: KeptRules) -> LiveRules:
    return LiveRules(kept.load, load_last=kept.load_last)


def test_a_node_that_finds_broken_rules_begins_with_the_last_sound_ones(
    kept: KeptRules, folder: Path
) -> None:
    version = begun(kept).current.version
    change(folder / "police/robbery.yaml", "    within: 8", "    within: 99")
    with capture_logs() as logs:
        rules = begun(kept)
    assert rules.current.version == version
    (entry,) = logs
    assert (entry["event"], entry["log_level"]) == ("triage.last_rules", "error")
    assert "police/robbery.yaml:14" in entry["error"]
    change(folder / "police/robbery.yaml", "    within: 99", "    within: 7")
    assert rules.reload().error == ""
    assert rules.current.version != version


def test_a_fault_of_ours_in_reading_them_is_no_reason_not_to_begin(small_triage: Triage) -> None:
    def load() -> Triage:
        raise RecursionError("nested too deep")

    with capture_logs() as logs:
        rules = LiveRules(load, load_last=lambda: small_triage)
    assert rules.current is small_triage
    assert [entry["event"] for entry in logs] == ["triage.last_rules"]


def test_a_copy_whose_replacing_was_interrupted_is_still_there(
    kept: KeptRules, folder: Path, tmp_path: Path
) -> None:
    version = begun(kept).current.version
    (tmp_path / "var" / "rules").rename(tmp_path / "var" / "rules.old")
    (folder / "common.yaml").unlink()
    assert begun(kept).current.version == version


def test_rules_that_cannot_be_copied_just_now_are_in_use_all_the_same(
    kept: KeptRules, folder: Path, tmp_path: Path
) -> None:
    (folder / "aside.yaml").mkdir()  # no file, and not among those that are loaded
    assert begun(kept).current
    assert not (tmp_path / "var").exists()


def test_without_any_sound_rules_nothing_begins(kept: KeptRules, folder: Path) -> None:
    (folder / "common.yaml").unlink()
    with pytest.raises(LexiconError, match=r"common\.yaml"):
        begun(kept)


def test_what_is_kept_follows_the_rules(kept: KeptRules, folder: Path, tmp_path: Path) -> None:
    rules = begun(kept)
    change(folder / "minsheng/water.yaml", "停水", "没水")
    rules.reload()
    (folder / "minsheng/water.yaml").unlink()
    (folder / "common.yaml").unlink()
    assert begun(kept).current.decide("没水").category == "water"
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["rules"]


def test_a_towns_own_changes_are_kept_with_them(folder: Path, tmp_path: Path) -> None:
    town = tmp_path / "ours.yaml"
    town.write_text("fields: {water: {route: police, priority: 2}}\n", encoding="utf-8")
    kept = KeptRules(tmp_path / "rules", lexicon=folder, town=town)
    version = begun(kept).current.version
    town.write_text("rules: what?\n", encoding="utf-8")
    assert begun(kept).current.version == version


def test_a_copy_that_cannot_be_kept_costs_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("where a folder should be")
    kept = KeptRules(tmp_path / "file" / "rules", lexicon=folder, town=None)
    with capture_logs() as logs:
        assert begun(kept).current
    assert [entry["event"] for entry in logs] == ["triage.not_kept"]


def test_a_lexicon_that_is_gone_changes_nothing(rules: LiveRules, folder: Path) -> None:
    old = rules.current
    (folder / "common.yaml").unlink()
    assert "common.yaml" in rules.reload().error
    assert rules.current is old


@pytest.mark.parametrize(
    "error", [OSError("disk"), InputFileError(Path("x"), 1, "y"), MemoryError("full"), KeyError("bug")]
)
def test_whatever_goes_wrong_the_rules_that_work_stay(small_triage: Triage, error: Exception) -> None:
    answers: list[Callable[[], Triage]] = [lambda: small_triage]

    def load() -> Triage:
        if answers:
            return answers.pop()()
        raise error

    rules = LiveRules(load)
    with capture_logs() as logs:
        done = rules.reload()
    assert done.error
    assert rules.current is small_triage
    assert [entry["event"] for entry in logs] == ["triage.not_reloaded"]


@pytest.fixture
def small_triage(folder: Path) -> Triage:
    return Triage.load(folder)


async def test_a_call_keeps_the_rules_that_it_began_with(house: House, engine: ScriptedEngine) -> None:
    old = house.rules.current
    new = Triage(replace(load_lexicon(), version="new"), Policy.load())

    def reload_and_speak() -> None:
        house.rules._current = new
        engine.hears(part(CLEAR))

    def later(_line: Line) -> None:
        asyncio.get_running_loop().call_later(0.3, reload_and_speak)

    house.asterisk.during_audio = later
    first = house.asterisk.call(uniqueid="1.1")
    await house.ended()
    house.asterisk.during_audio = lambda _line: engine.hears(part(CLEAR))
    second = house.asterisk.call(uniqueid="1.2")
    await house.ended()
    versions = [decided["lexicon_version"] for decided in house.record.of(EventKind.DECIDED)]
    assert versions == [old.version, new.version]
    assert dict(variables(first))["TRIAGE_ROUTE"] == dict(variables(second))["TRIAGE_ROUTE"] == "minsheng"
