"""New rules while calls go on: all of them or none, and a call under way keeps those that it began with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.rules import LiveRules, Reloaded
from records.events import EventKind
from tests.ivr.exchange_house import House, engine, house, pool, variables
from tests.ivr.line import Line
from tests.ivr.scripted_engine import ScriptedEngine, part
from tests.triage.conftest import write_small
from triage.engine import Triage
from triage.errors import InputFileError
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
