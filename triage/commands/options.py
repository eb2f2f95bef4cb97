"""What all commands share: which rules to decide by, and how a command ends when it cannot go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from triage.engine import Triage
from triage.errors import LexiconError
from triage.lexicon import DEFAULT_FOLDER
from triage.policy import DEFAULT_FILE

EXIT_LEXICON = 1
"""The lexicon or the policy cannot be used. (2 is click's: the command line is wrong.)"""
EXIT_INPUT = 3
"""A file of texts or calls cannot be read."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Where the rules are that a command was told to decide by."""

    lexicon: Path = DEFAULT_FOLDER
    policy: Path = DEFAULT_FILE
    town: Path | None = None

    def load(self) -> Triage:
        """Load them; ends the program, naming file, line and key, when they are wrong."""
        try:
            return Triage.load(self.lexicon, self.policy, town_file=self.town)
        except LexiconError as wrong:
            refuse(wrong)


def rules_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose the rules; the command gets them as one argument `rules`."""

    @click.option(
        "--lexicon", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, help="另一套词库的文件夹"
    )
    @click.option("--policy", type=click.Path(path_type=Path), default=DEFAULT_FILE, help="另一份策略文件")
    @click.option(
        "--town", type=click.Path(path_type=Path), help="本地规则文件（config.yaml 的 triage: town:）"
    )
    @wraps(command)
    def with_rules(*, lexicon: Path, policy: Path, town: Path | None, **others: Any) -> None:
        command(rules=Rules(lexicon, policy, town), **others)

    return with_rules


def refuse(wrong: LexiconError) -> NoReturn:
    """End the program because of a mistake in the rules."""
    fail(EXIT_LEXICON, f"词库或策略有错：{wrong}")


def fail(code: int, message: str) -> NoReturn:
    """End the program with a message in red on standard error."""
    Console(stderr=True, highlight=False).print(Text(message, "red"))
    raise SystemExit(code)
