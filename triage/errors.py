"""The errors of this room. Every message says what to do next."""

from __future__ import annotations

from pathlib import Path


class TriageError(Exception):
    """The root of all errors that triage raises on purpose."""


class LexiconError(TriageError):
    """A lexicon or policy file cannot be used; `file`, `line` (from 1) and `key` say where."""

    def __init__(self, file: Path, line: int, key: str, problem: str) -> None:
        super().__init__(f"{file}:{line}: {key}: {problem}")
        self.file = file
        self.line = line
        self.key = key
        self.problem = problem


class InputFileError(TriageError):
    """A file of texts given on the command line cannot be read; `line` counts from 1, 0 is the whole file."""

    def __init__(self, file: Path, line: int, problem: str) -> None:
        where = f"{file}:{line}" if line else str(file)
        super().__init__(f"{where}: {problem}")
        self.file = file
        self.line = line
        self.problem = problem
