"""What the tests of triage share: the shipped lexicon loaded once, small lexicons written to a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.triage.shipped import engine
from triage.engine import Triage
from triage.lexicon import Lexicon, load_lexicon
from triage.matcher import Matcher

COMMON = """\
words:
  person: [有人, 男的]
handover: [人工, 转警察]
answers: {yes: [有], no: [没有]}
summons: [过来]
negation:
  words: [不是, 没有, 没]
  void_before: [是, 有]
  void_after: [吗]
"""
HARMLESS = "抢: [抢红包]\n杀: [杀毒]\n其他: [火车, 人工费]\n"
ROBBERY = """\
id: robbery
label: 抢劫
route: police
priority: 1
joint_service: "120"
rules:
  - phrases: [抢劫, 救命啊]
    weight: 1.0
    sounds: true
  - phrases: [抢, 杀]
    weight: 0.5
    boundary: true
  - together: [[$person], [拿刀, 持刀]]
    within: 8
    weight: 0.9
negatable: [抢劫, 拿刀]
"""
WATER = """\
id: water
label: 供水
route: minsheng
priority: 3
department: 水务
rules:
  - phrases: [停水, 水管爆了]
    weight: 1.0
  - phrases: [小区]
    weight: 0.4
  - phrases: [投诉]
    weight: 0.7
"""


def write_small(folder: Path) -> Path:
    """Write the small lexicon into a folder."""
    contents = {"common": COMMON, "harmless": HARMLESS, "police/robbery": ROBBERY, "minsheng/water": WATER}
    for name, content in contents.items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small lexicon on disk, to be read only."""
    return write_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def small_matcher(small_folder: Path) -> Matcher:
    """A matcher of the small lexicon."""
    return Matcher(load_lexicon(small_folder))


@pytest.fixture(scope="session")
def triage() -> Triage:
    """The engine with the shipped lexicon and policy."""
    return engine()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small, valid lexicon on disk, to be spoiled by a test."""
    return write_small(tmp_path / "lexicon")


@pytest.fixture
def small(folder: Path) -> Lexicon:
    """The small lexicon, loaded."""
    return load_lexicon(folder)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file below the test's own folder, its indentation taken out."""

    def _write(name: str, content: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(content), encoding="utf-8")
        return file

    return _write
