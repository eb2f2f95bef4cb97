"""Past calls as JSON lines: what was said, and what was decided on it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from triage.decision import Route
from triage.errors import InputFileError


@dataclass(frozen=True, slots=True)
class PastCall:
    """One decision of the past. The record is a caller's: its texts are not to be trusted."""

    call_id: str
    at: datetime
    text: str
    confidence: float
    """The recogniser's, 0..1."""
    route: Route
    category: str
    priority: int | None
    lexicon_version: str
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other readings of the text that were looked at, each with its share, 0..1."""


def read_calls(lines: Iterable[str], source: Path) -> Iterator[PastCall]:
    """Yield the calls of JSON lines; blank lines are passed over. Raises InputFileError naming the line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _call(json.loads(line))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as wrong:
            raise InputFileError(source, number, f"不是一条通话记录：{wrong}") from wrong


def _call(entry: Any) -> PastCall:
    if not isinstance(entry, dict):
        raise TypeError("不是一个对象")
    confidence = float(entry["confidence"])
    if not math.isfinite(confidence):
        raise ValueError("confidence 不是数")
    return PastCall(
        call_id=_text(entry, "call_id"),
        at=datetime.fromisoformat(_text(entry, "at")),
        text=_text(entry, "text"),
        confidence=confidence,
        route=Route(_text(entry, "route")),
        category=_text(entry, "category"),
        priority=None if entry["priority"] is None else int(entry["priority"]),
        lexicon_version=_text(entry, "lexicon_version"),
        alternatives=tuple((str(text), float(share)) for text, share in entry.get("alternatives") or ()),
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    """Return a text; `null`, which a record may hold, is an empty one."""
    value = entry[key]
    if value is None and key in {"category", "lexicon_version"}:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{key} 不是文字")
    return value
