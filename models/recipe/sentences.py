"""What callers say: random sentences of the trade, from the templates in `text/`.

`Sentences` gives lists of clauses; a caller greets, says what happened and where, and asks for help, in any order.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

from models.recipe.errors import TemplateError
from models.recipe.template_parser import parse
from models.recipe.templates import Template

TEXT = Path(__file__).parent / "text"
_FILES = ("police.txt", "livelihood.txt", "everyday.txt", "talk.txt")
# Shares of the files in the text: calls in equal parts, and enough ordinary talk that a model
# trained on it does not hear an emergency in everything.
_SHARES = (0.32, 0.32, 0.18, 0.18)


def read_lists(path: Path) -> dict[str, tuple[Template, ...]]:
    """Read the word lists ("name: choice choice ...").

    Raises:
        TemplateError: a line cannot be read; the message names file and line.

    """
    lists: dict[str, tuple[Template, ...]] = {}
    for number, line in _lines(path):
        name, colon, choices = line.partition(":")
        if not colon or not choices.split():
            raise TemplateError(f"{path}:{number}: write 'name: choice choice ...'")
        lists[name] = tuple(_parsed(choice, path, number) for choice in choices.split())
    return lists


def read_themes(path: Path) -> dict[str, tuple[Template, ...]]:
    """Read templates under their themes ("= theme").

    Raises:
        TemplateError: a line cannot be read or stands before the first theme.

    """
    themes: dict[str, list[Template]] = {}
    theme: list[Template] | None = None
    for number, line in _lines(path):
        if line.startswith("="):
            theme = themes.setdefault(line[1:].strip(), [])
        elif theme is None:
            raise TemplateError(f"{path}:{number}: a template before the first '= theme'")
        else:
            theme.append(_parsed(line, path, number))
    return {name: tuple(templates) for name, templates in themes.items()}


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give the numbered lines that are neither empty nor comments."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()


def _parsed(text: str, path: Path, number: int) -> Template:
    try:
        return parse(text)
    except TemplateError as error:
        raise TemplateError(f"{path}:{number}: {error}") from error


class ReadAloud:
    """An endless source of random sentences that no caller says: news, numbers, commands."""

    def __init__(self, rng: Random, text: Path = TEXT) -> None:
        self._rng = rng
        self._lists = read_lists(text / "slots.txt")
        self.themes = read_themes(text / "read_aloud.txt")

    def write(self) -> tuple[str, ...]:
        """Write one sentence as its clauses (never empty)."""
        theme = self.themes[self._rng.choice(tuple(self.themes))]
        return _clauses(self._rng.choice(theme), self._lists, self._rng)


class Sentences:
    """An endless source of random callers' sentences."""

    def __init__(self, rng: Random, text: Path = TEXT) -> None:
        self._rng = rng
        self._lists = read_lists(text / "slots.txt")
        self.themes = tuple(read_themes(text / name) for name in _FILES)

    def write(self) -> tuple[str, ...]:
        """Write one sentence as its clauses (never empty)."""
        rng = self._rng
        source = rng.choices(self.themes, _SHARES)[0]
        theme = source[rng.choice(tuple(source))]
        happened = self._fill(rng.choice(theme))
        if source is self.themes[-1]:
            return happened if rng.random() < 0.9 else (*self._slot("greeting"), *happened)
        parts: list[tuple[str, ...]] = [happened]
        if rng.random() < 0.2:
            parts.append(self._fill(rng.choice(theme)))
        if rng.random() < 0.5:
            parts.insert(rng.randint(0, 1), self._slot("in_place"))
        if rng.random() < 0.45:
            parts.insert(0, self._slot("greeting"))
        if rng.random() < 0.45:
            parts.append(self._slot("closing"))
        return tuple(clause for part in parts for clause in part)

    def _slot(self, name: str) -> tuple[str, ...]:
        return self._fill(self._rng.choice(self._lists[name]))

    def _fill(self, template: Template) -> tuple[str, ...]:
        return _clauses(template, self._lists, self._rng)


def _clauses(template: Template, lists: Mapping[str, tuple[Template, ...]], rng: Random) -> tuple[str, ...]:
    """Write a template out and part its clauses; an empty one is written again."""
    while True:
        clauses = tuple(clause for clause in template.write(lists, rng).split("，") if clause)
        if clauses:
            return clauses
