from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.phrases import lexicon_files, read_phrases
from models.recipe.words import is_chinese

_YAML = """\
# 注释不算
id: water
label: 供水   # 也不算
rules:
  - phrases: [停水, "水管爆裂", 没有水了]
    weight: 0.9
  - together: [[水管, 管道], [漏, 爆]]
"""


def test_phrases_are_found_in_any_format(tmp_path: Path) -> None:
    path = tmp_path / "water.yaml"
    path.write_text(_YAML, encoding="utf-8")
    expected = {"供水", "停水", "水管爆裂", "没有水了", "水管", "管道", "漏", "爆"}
    assert set(read_phrases([path])) == expected


def test_phrases_of_several_files_come_once_and_in_order(tmp_path: Path) -> None:
    for name, text in (("a.txt", "着火\n停水\n"), ("b.txt", "停水，救命")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    phrases = read_phrases([tmp_path / "b.txt", tmp_path / "a.txt"])
    assert phrases == tuple(sorted({"着火", "停水", "救命"}))


def test_no_files_no_phrases() -> None:
    assert read_phrases([]) == ()


@given(st.text(max_size=60))
def test_any_file_gives_only_chinese(text: str) -> None:
    class Memory(type(Path())):  # type: ignore[misc] # a path whose text is in memory
        def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
            return text

    assert all(is_chinese(phrase) and len(phrase) <= 16 for phrase in read_phrases([Memory("x")]))


def test_lexicon_files_are_found_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "police").mkdir()
    for name in ("police/fire.yaml", "common.yaml", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in lexicon_files(tmp_path)] == ["common.yaml", "fire.yaml"]


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_lexicon_has_no_files(tmp_path: Path, folder: str) -> None:
    assert lexicon_files(tmp_path / folder) == ()
