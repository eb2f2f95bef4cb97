"""Labelled sentences from files: tables (.csv, .jsonl), and YAML, also the project's own form.

The project's own form is a mapping from label to sentences, as in `tests/triage/utterances/police.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from triage.errors import InputFileError, LexiconError
from triage.text_file import is_table, read_columns
from triage.yaml_source import YamlSource, read_yaml

Labelled = tuple[str, str]
"""(sentence, label)"""


def read_labelled(file: Path, label: str, column: str) -> list[Labelled]:
    """Read all sentences with their labels; `label` and `column` name the columns of both.

    Raises InputFileError naming the line.
    """
    if is_table(file):
        return [
            (text, label)
            for text, label in read_columns(file, {"--column": column, "--label": label})
        ]  # fmt: skip
    if file.suffix.lower() in {".yaml", ".yml"}:
        return list(_yaml(file, label, column))
    raise InputFileError(file, 0, "只认 .csv、.jsonl 和 .yaml 文件：请改后缀")


def _yaml(file: Path, label: str, column: str) -> Iterator[Labelled]:
    try:
        source = read_yaml(file)
    except LexiconError as wrong:
        raise InputFileError(file, wrong.line, f"不是合格的 YAML：{wrong.problem}") from wrong
    if isinstance(source.value, dict):
        for name, sentences in source.value.items():
            if not isinstance(sentences, list):
                raise _mistake(source, (name,), f"“{name}”下面应是一列句子")
            for place, text in enumerate(sentences):
                yield _text(source, (name, place), text), name
    elif isinstance(source.value, list):
        for place, entry in enumerate(source.value):
            if not isinstance(entry, dict) or not {label, column} <= entry.keys():
                raise _mistake(
                    source, (place,), f"这一项要有“{column}”和“{label}”；用 --column、--label 指定"
                )
            yield _text(source, (place, column), entry[column]), _text(source, (place, label), entry[label])
    else:
        raise _mistake(source, (), "应是“标签: [句子…]”，或一列有文字和标签的项")


def _text(source: YamlSource, path: tuple[str | int, ...], value: Any) -> str:
    if not isinstance(value, str):
        raise _mistake(source, path, "应是一句话")
    return value


def _mistake(source: YamlSource, path: tuple[str | int, ...], problem: str) -> InputFileError:
    return InputFileError(source.file, source.line(path), problem)
