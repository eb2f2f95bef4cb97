from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts.errors import PromptTextsInvalid
from ivr.prompts.texts import MAX_CHARACTERS, load_texts

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ("greeting", "ask_again", "ask_danger", "ask_place", "silent_prompt", "please_hold")


def test_every_prompt_that_calls_need_has_a_text() -> None:
    assert tuple(load_texts()) == KEYS


def test_the_greeting_is_one_open_question_and_no_menu() -> None:
    greeting = load_texts()["greeting"]
    assert greeting.count("？") == 1
    assert not any(word in greeting for word in ("按", "请选择", "键"))
    assert len(greeting) <= 20, "a caller in need is not to be talked at"


def test_texts_are_chinese_and_can_be_spoken() -> None:
    for key, text in load_texts().items():
        assert all("\u4e00" <= character <= "\u9fff" or character in "，。？" for character in text), key


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "prompts.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_order_of_the_file_is_kept(tmp_path: Path) -> None:
    assert list(load_texts(written(tmp_path, "b: 二\na: 一 \n")).items()) == [("b", "二"), ("a", "一")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "must be lines of"),
        ("- a\n", "must be lines of"),
        ("a: [1", "cannot be read as YAML"),
        ("A-b: 你好", "'A-b' is no key"),
        ("1: 你好", "1 is no key"),
        ("../evil: 你好", "is no key"),
        ("a:", "a needs a text"),
        ("a: 12", "a needs a text"),
        ("a: '  '", "a needs a text"),
        ("a: " + "好" * (MAX_CHARACTERS + 1), "a has 61 characters; 60 are the limit"),
    ],
)
def test_a_wrong_file_is_told_by_key(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(PromptTextsInvalid, match=told):
        load_texts(written(tmp_path, content))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PromptTextsInvalid, match="cannot be read"):
        load_texts(tmp_path / "no.yaml")


@given(content=st.binary(max_size=80))
def test_any_file_is_texts_or_a_clear_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("texts") / "prompts.yaml"
    path.write_bytes(content)
    told = ""
    try:
        texts = load_texts(path)
    except PromptTextsInvalid as error:
        told, texts = str(error), {}
    assert str(path) in told or all(key and text for key, text in texts.items())
    assert bool(told) != bool(texts)
