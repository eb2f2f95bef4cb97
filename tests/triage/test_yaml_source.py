from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from triage.errors import LexiconError
from triage.yaml_source import key_name, read_yaml

Write = Callable[[str, str], Path]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")
    weight: float
    names: list[str] = []


def test_scalars_stay_text(write: Write) -> None:
    source = read_yaml(write("a.yaml", "a: [119, no, 1.0, 抢劫]\nb:\nc: '~'\n"))
    assert source.value == {"a": ["119", "no", "1.0", "抢劫"], "b": None, "c": "~"}


def test_every_value_knows_its_line(write: Write) -> None:
    source = read_yaml(write("a.yaml", "# first\na:\n  - x\n  - y\nb: 1\n"))
    assert source.line(("a", 1)) == 4
    assert source.line(("b",)) == 5
    assert source.line(("a", 9, "z")) == 2
    assert source.line(("nowhere",)) == 2  # where the whole begins


@pytest.mark.parametrize(
    ("content", "line", "complaint"),
    [
        ("a: [1, 2\nb: 3\n", 2, "not well-formed"),
        ("a: 1\nb: 2\na: 3\n", 3, "given twice"),
        ("x:\n  a: 1\n  a: 3\n", 3, "given twice"),
        ("a: &b [*b]\n", 1, "contains itself"),
        ("? [1, 2]\n: 3\n", 1, "must be a word"),
        ("a: \t- b\n\t- c\n", 1, "not well-formed"),
        ("a: *nobody\n", 1, "not well-formed"),
    ],
)
def test_broken_files_name_their_line(write: Write, content: str, line: int, complaint: str) -> None:
    file = write("a.yaml", content)
    with pytest.raises(LexiconError, match=complaint) as caught:
        read_yaml(file)
    assert caught.value.file == file
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{file}:{line}: ")


def test_a_missing_and_a_binary_file(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="cannot be read"):
        read_yaml(tmp_path / "nowhere.yaml")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LexiconError, match="UTF-8"):
        read_yaml(tmp_path / "b.yaml")


def test_validation_names_key_and_line(write: Write) -> None:
    file = write("a.yaml", "names: [a]\nweight: heavy\n")
    with pytest.raises(LexiconError) as caught:
        read_yaml(file).validate(_Model)
    assert (caught.value.line, caught.value.key) == (2, "weight")


def test_a_misspelt_key_is_named_before_the_missing_one(write: Write) -> None:
    with pytest.raises(LexiconError, match=r"wieght: unknown key") as caught:
        read_yaml(write("a.yaml", "names: [a]\nwieght: 2\n")).validate(_Model)
    assert caught.value.line == 2


def test_an_empty_file_is_refused_by_its_model(write: Write) -> None:
    with pytest.raises(LexiconError):
        read_yaml(write("a.yaml", "# nothing\n")).validate(_Model)


def test_key_names_count_from_one() -> None:
    assert key_name(("rules", 1, "phrases", 0)) == "rules[2].phrases[1]"
    assert key_name(()) == "(file)"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    file = tmp_path_factory.mktemp("yaml") / "a.yaml"
    file.write_text(content, encoding="utf-8", errors="replace")
    with suppress(LexiconError):
        assert read_yaml(file).line(()) >= 1
