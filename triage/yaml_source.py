"""YAML that remembers its lines, so that an error in a lexicon can say where it is.

Scalars stay text: `119` and `no` are phrases here, not a number and a truth value. Keys given twice, anchors that
contain themselves and files that are not UTF-8 are errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from triage.errors import LexiconError

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)
_LOADER = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # libyaml where PyYAML was built with it: ten times faster
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class YamlSource:
    """A parsed file: its values as text, lists and mappings, and the line of each value."""

    file: Path
    value: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """Return the line (from 1) of a value, or of the nearest thing around it that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, path: Path_, problem: str) -> LexiconError:
        """Build the error for the value at this path."""
        return LexiconError(self.file, self.line(path), key_name(path), problem)

    def validate(self, model: type[Model]) -> Model:
        """Check the file against its model; raises LexiconError for the first thing that is wrong."""
        try:
            return model.model_validate(self.value)
        except ValidationError as wrong:
            mistakes = wrong.errors(include_url=False)
            first = next((m for m in mistakes if m["type"] == "extra_forbidden"), mistakes[0])
            problem = first["msg"]
            if first["type"] == "extra_forbidden":  # a misspelt key is also a missing one: name the spelling
                known = model.__module__.replace(".", "/")
                problem = f"unknown key: check its spelling; the known keys are in {known}.py"
            raise self.error(tuple(first["loc"]), problem) from wrong


def key_name(path: Path_) -> str:
    """Write a path as an admin would read it: `rules[2].weight`; list positions count from 1 here."""
    name = ""
    for part in path:
        name += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if name else part
    return name or "(file)"


def read_yaml(file: Path) -> YamlSource:
    """Read one file; raises LexiconError naming the line when it is not well formed."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise LexiconError(file, 1, "(file)", f"cannot be read as UTF-8 text: {wrong}") from wrong
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(wrong, "problem", None) or str(wrong).splitlines()[0]
        raise LexiconError(file, line, "(yaml)", f"not well-formed YAML: {problem}") from wrong
    lines: dict[Path_, int] = {}
    value = None if node is None else _value(node, (), lines, file, frozenset())
    return YamlSource(file, value, lines)


def _value(node: yaml.Node, path: Path_, lines: dict[Path_, int], file: Path, around: frozenset[int]) -> Any:
    lines[path] = node.start_mark.line + 1
    if id(node) in around:
        raise LexiconError(file, lines[path], key_name(path), "an anchor contains itself: write the list out")
    inside = around | {id(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), lines, file, inside) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, item in node.value:
            key = key_node.value
            if not isinstance(key, str):
                raise LexiconError(file, key_node.start_mark.line + 1, key_name(path), "a key must be a word")
            if key in mapping:
                raise LexiconError(
                    file,
                    key_node.start_mark.line + 1,
                    key_name((*path, key)),
                    "given twice: keep one of them",
                )
            mapping[key] = _value(item, (*path, key), lines, file, inside)
            lines[*path, key] = key_node.start_mark.line + 1
        return mapping
    return None if node.tag == _NULL and node.value in {"", "~", "null"} else node.value
