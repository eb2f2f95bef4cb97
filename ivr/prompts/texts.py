"""The texts of the prompts, from prompts.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import yaml

from ivr.prompts.errors import PromptTextsInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = Path(__file__).with_name("prompts.yaml")
MAX_CHARACTERS = 60
"""About 12 s of speech. A caller in need does not listen to more."""

_KEY = re.compile(r"[a-z][a-z_]*")


def load_texts(path: Path = TEXTS) -> Mapping[str, str]:
    """Key to zh-CN text, in the order of the file. Raises PromptTextsInvalid, naming the file and the key."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PromptTextsInvalid(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict) or not content:
        raise PromptTextsInvalid(f"{path} must be lines of `key: text`, and not empty")
    texts: dict[str, str] = {}
    for key, text in content.items():
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise PromptTextsInvalid(f"{path}: {key!r} is no key; use lower-case letters and underscores")
        if not isinstance(text, str) or not text.strip():
            raise PromptTextsInvalid(f"{path}: {key} needs a text; put it behind the colon")
        if len(text) > MAX_CHARACTERS:
            raise PromptTextsInvalid(
                f"{path}: {key} has {len(text)} characters; {MAX_CHARACTERS} are the limit"
            )
        texts[key] = text.strip()
    return MappingProxyType(texts)
