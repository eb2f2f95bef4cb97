from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from triage.errors import InputFileError
from triage.evaluation.labelled_file import read_labelled

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,label,text\n1,water,停水了\n2,fire,着火了\n"),
        ("a.jsonl", '{"text": "停水了", "label": "water"}\n{"text": "着火了", "label": "fire"}\n'),
        ("a.yaml", "water: [停水了]\nfire: [着火了]\n"),
        ("a.yml", "- {text: 停水了, label: water}\n- {text: 着火了, label: fire, x: 1}\n"),
    ],
)
def test_every_kind_of_file_says_the_same(write: Write, name: str, content: str) -> None:
    assert read_labelled(write(name, content), "label", "text") == [("停水了", "water"), ("着火了", "fire")]


def test_columns_have_any_name(write: Write) -> None:
    file = write("a.csv", "标签,话\nwater,停水了\n")
    assert read_labelled(file, "标签", "话") == [("停水了", "water")]


@pytest.mark.parametrize(
    ("name", "content", "line", "complaint"),
    [
        ("a.csv", "text\n停水\n", 1, "没有“label”这一列；有：text。用 --label 指定"),
        ("a.csv", "label\nx\n", 1, "用 --column 指定"),
        ("a.jsonl", '{"text": "停水"}\n', 1, "没有“label”这个键；用 --label 指定"),
        ("a.yaml", "water: [停水\n", 2, "不是合格的 YAML"),
        ("a.yaml", "water: 停水\n", 1, "“water”下面应是一列句子"),
        ("a.yaml", "water:\n  - 停水\n  - [断水]\n", 3, "应是一句话"),
        ("a.yaml", "- {text: 停水}\n", 1, "要有“text”和“label”"),
        ("a.yaml", "停水\n", 1, "应是“标签: [句子…]”"),
        ("a.txt", "停水\n", 0, "只认 .csv、.jsonl 和 .yaml"),
    ],
)
def test_each_mistake_names_its_line(
    write: Write, name: str, content: str, line: int, complaint: str
) -> None:
    file = write(name, content)
    with pytest.raises(InputFileError) as caught:
        read_labelled(file, "label", "text")
    assert caught.value.line == line
    assert complaint in str(caught.value)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    for name in ("a.csv", "a.yaml"):
        with pytest.raises(InputFileError):
            read_labelled(tmp_path / name, "label", "text")
