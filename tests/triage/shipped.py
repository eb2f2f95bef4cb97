"""The engine as it is shipped, loaded once for all tests, and the sentences written for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from triage.engine import Triage

_HERE = Path(__file__).parent


@cache
def engine() -> Triage:
    """Return the engine with the shipped lexicon and policy."""
    return Triage.load()


def utterances(name: str) -> Any:
    """Read one of the sets of sentences in `utterances/`."""
    return yaml.safe_load((_HERE / "utterances" / f"{name}.yaml").read_text(encoding="utf-8"))
