from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import InputFileError
from triage.text_file import lines_of, read_texts

Write = Callable[[str, str], Path]


def test_a_csv_column_is_read(write: Write) -> None:
    file = write("a.csv", '\ufeffid,话\n1,"停水,了"\n2,"两\n行"\n3,\n')
    assert list(read_texts(file, "话")) == ["停水,了", "两\n行", ""]


def test_json_lines_are_read(write: Write) -> None:
    file = write("a.jsonl", '{"text": "停水"}\n\n{"text": "救命", "x": 1}\n')
    assert list(read_texts(file, None)) == ["停水", "救命"]
    file = write("b.ndjson", '{"title": "停水"}\n')
    assert list(read_texts(file, "title")) == ["停水"]


def test_other_files_have_a_text_a_line(write: Write) -> None:
    assert list(read_texts(write("a.txt", "停水\n\n  救命 \n"), None)) == ["停水", "救命"]
    assert list(lines_of(["a\n", "\n"])) == ["a"]


@pytest.mark.parametrize(
    ("name", "content", "column", "line", "complaint"),
    [
        ("a.csv", "id,title\n1,停水\n", None, 1, "没有“text”这一列；有：id、title"),
        ("a.csv", "", "text", 1, "空文件"),
        ("a.csv", "id,text\n1,停水\n2\n", "text", 3, "缺“text”列"),
        ("a.csv", 'text\n"停"水"\n', "text", 2, "不是合格的 CSV"),
        ("a.csv", 'text\n"停水\n', "text", 2, "不是合格的 CSV"),
        ("a.jsonl", '{"text": "停水"}\n{"text": \n', None, 2, "不是合格的 JSON"),
        ("a.jsonl", "[1]\n", None, 1, "没有“text”这个键"),
        ("a.jsonl", '{"t": 1}\n', None, 1, "没有“text”这个键"),
        ("a.jsonl", '\n{"text": 1}\n', None, 2, "不是文字"),
        ("a.txt", "停水\n", "text", 0, "--column"),
    ],
)
def test_each_mistake_names_its_line(  # noqa: PLR0917 - a table's columns
    write: Write, name: str, content: str, column: str | None, line: int, complaint: str
) -> None:
    file = write(name, content)
    with pytest.raises(InputFileError) as caught:
        list(read_texts(file, column))
    assert caught.value.line == line
    assert complaint in str(caught.value)
    assert (f"{file}:{line}: " if line else f"{file}: ") in str(caught.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="读不了"):
        list(read_texts(tmp_path / "nowhere.csv", None))
    (tmp_path / "b.csv").write_bytes(b"text\n\xff\xfe\n")
    with pytest.raises(InputFileError, match="UTF-8"):
        list(read_texts(tmp_path / "b.csv", None))


def test_the_csv_module_is_left_as_it_was(write: Write) -> None:
    before = csv.field_size_limit()
    list(read_texts(write("a.csv", "text\n停水\n"), None))
    assert csv.field_size_limit() == before


@given(st.binary(max_size=120), st.sampled_from([".csv", ".jsonl", ".txt"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    file = tmp_path_factory.mktemp("any") / f"a{suffix}"
    file.write_bytes(content)
    with suppress(InputFileError):
        assert all(isinstance(text, str) for text in read_texts(file, None))
