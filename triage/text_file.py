"""Texts from files and standard input, for the command line; every complaint names the line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from triage.errors import InputFileError

_FIELD_LIMIT = 1_000_000  # characters of one CSV field: longer ones are a broken quote, not a text


def read_texts(file: Path, column: str | None) -> Iterator[str]:
    """Yield the texts of a .csv, .jsonl or plain file (one text a line), by its suffix.

    `column` is the CSV column or the JSON key; without it `text`. Raises InputFileError.
    """
    if is_table(file):
        for (text,) in read_columns(file, {"--column": column or "text"}):
            yield text
        return
    content = _content(file)
    if column:
        raise InputFileError(file, 0, "--column 只用于 .csv 和 .jsonl 文件：请改后缀，或去掉 --column")
    yield from lines_of(content.splitlines())


def is_table(file: Path) -> bool:
    """Tell by its suffix whether a file has named columns."""
    return file.suffix.lower() in _TABLES


def read_columns(file: Path, columns: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield some columns of each row of a .csv or .jsonl file, in the order of `columns`.

    `columns`: the option that names a column (for complaints) → the column. Raises InputFileError.
    """
    return _TABLES[file.suffix.lower()](file, _content(file), columns)


def lines_of(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that are not blank, without their line ends."""
    for line in lines:
        if text := line.strip():
            yield text


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        raise InputFileError(file, 0, f"读不了（须为 UTF-8 文本）：{wrong}") from wrong


def _csv_rows(file: Path, content: str, columns: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    previous = csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    try:
        names = reader.fieldnames or []
        for option, column in columns.items():
            if column not in names:
                known = "、".join(names) or "（空文件）"
                raise InputFileError(file, 1, f"没有“{column}”这一列；有：{known}。用 {option} 指定")
        for row in reader:
            for column in columns.values():
                if row[column] is None:
                    raise InputFileError(
                        file, reader.line_num, f"这一行缺“{column}”列：补上，或检查引号和逗号"
                    )
            yield tuple(row[column] for column in columns.values())
    except csv.Error as wrong:
        raise InputFileError(file, reader.line_num + 1, f"不是合格的 CSV：{wrong}") from wrong
    finally:
        csv.field_size_limit(previous)


def _json_rows(file: Path, content: str, keys: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as wrong:
            raise InputFileError(file, number, f"不是合格的 JSON：{wrong}") from wrong
        for option, key in keys.items():
            if not isinstance(entry, dict) or key not in entry:
                raise InputFileError(file, number, f"这一行没有“{key}”这个键；用 {option} 指定")
            if not isinstance(entry[key], str):
                raise InputFileError(file, number, f"“{key}”的值不是文字")
        yield tuple(entry[key] for key in keys.values())


_TABLES = {".csv": _csv_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}
