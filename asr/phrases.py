"""Phrases that matter, read from any text files (the triage's lexicon among them).

The files are not understood, only searched for runs of Chinese characters: their format may change freely.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_COMMENT: Final = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_PHRASE: Final = re.compile(r"[\u4e00-\u9fff]{1,16}")


def read_phrases(paths: Iterable[Path]) -> tuple[str, ...]:
    """Give every different run of Chinese characters in the files, comments left out, in a fixed order."""
    found: set[str] = set()
    for path in paths:
        found.update(_PHRASE.findall(_COMMENT.sub("", path.read_text(encoding="utf-8"))))
    return tuple(sorted(found))


def lexicon_files(folder: Path) -> tuple[Path, ...]:
    """Give the .yaml files below a folder; none when there is no such folder."""
    return tuple(sorted(folder.rglob("*.yaml")))
