"""Texts from files and standard input, for the command line; every complaint names the line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from triage.errors import InputFileError

_FIELD_LIMIT = 1_000_000  # characters of one CSV field: longer ones are a broken quote, not a text


def read_texts(file: Path, column: str | None) -> Iterator[str]:
    """Yield the texts of a .csv, .jsonl or plain file (one text a line), by its suffix.

    `column` is the CSV column or the JSON key; without it `text`. Raises InputFileError.
    """
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        raise InputFileError(file, 0, f"读不了（须为 UTF-8 文本）：{wrong}") from wrong
    suffix = file.suffix.lower()
    if suffix == ".csv":
        yield from _csv_texts(file, content, column or "text")
    elif suffix in {".jsonl", ".ndjson"}:
        yield from _json_texts(file, content, column or "text")
    elif column:
        raise InputFileError(file, 0, "--column 只用于 .csv 和 .jsonl 文件：请改后缀，或去掉 --column")
    else:
        yield from lines_of(content.splitlines())


def lines_of(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that are not blank, without their line ends."""
    for line in lines:
        if text := line.strip():
            yield text


def _csv_texts(file: Path, content: str, column: str) -> Iterator[str]:
    previous = csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    try:
        names = reader.fieldnames or []
        if column not in names:
            raise InputFileError(
                file, 1, f"没有“{column}”这一列；有：{'、'.join(names) or '（空文件）'}。用 --column 指定"
            )
        for row in reader:
            text = row[column]
            if text is None:
                raise InputFileError(file, reader.line_num, f"这一行缺“{column}”列：补上，或检查引号和逗号")
            yield text
    except csv.Error as wrong:
        raise InputFileError(file, reader.line_num + 1, f"不是合格的 CSV：{wrong}") from wrong
    finally:
        csv.field_size_limit(previous)


def _json_texts(file: Path, content: str, key: str) -> Iterator[str]:
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as wrong:
            raise InputFileError(file, number, f"不是合格的 JSON：{wrong}") from wrong
        if not isinstance(entry, dict) or key not in entry:
            raise InputFileError(file, number, f"这一行没有“{key}”这个键；用 --column 指定")
        if not isinstance(entry[key], str):
            raise InputFileError(file, number, f"“{key}”的值不是文字")
        yield entry[key]
