from __future__ import annotations

from pathlib import Path

import pytest

from triage.errors import InputFileError, LexiconError, TriageError


def test_a_lexicon_error_says_where() -> None:
    error = LexiconError(Path("police/fire.yaml"), 7, "rules[1].weight", "too heavy")
    assert str(error) == "police/fire.yaml:7: rules[1].weight: too heavy"
    assert (error.file, error.line, error.key) == (Path("police/fire.yaml"), 7, "rules[1].weight")


@pytest.mark.parametrize(("line", "text"), [(3, "a.csv:3: bad"), (0, "a.csv: bad")])
def test_an_input_error_names_the_line_where_there_is_one(line: int, text: str) -> None:
    assert str(InputFileError(Path("a.csv"), line, "bad")) == text


def test_all_are_one_family() -> None:
    assert issubclass(LexiconError, TriageError)
    assert issubclass(InputFileError, TriageError)
