"""Running `python -m triage` inside the tests."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from triage.__main__ import main


def run(*arguments: object, stdin: str | None = None) -> Result:
    """Run the command line with these arguments."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def objects(result: Result) -> list[dict[str, Any]]:
    """Read what was printed as JSON lines."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def one_line(text: str) -> str:
    """Take out the line ends that the terminal's width has put in."""
    return text.replace("\n", "")
