"""What belongs to the police and what to 民生110: the rule that people agree on, read from `boundary.yaml`.

Its examples are tests of the lexicon, and no town's file may free one that the police keeps (`triage.town`).
`python -m triage.boundary` writes the pages that people read of it: docs/boundary.md and docs/boundary.zh-CN.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from triage.decision import Route
from triage.lexicon import load_lexicon
from triage.lexicon_format import Identifier, Priority
from triage.yaml_source import YamlSource, read_yaml

DEFAULT_FILE = Path(__file__).parent / "boundary.yaml"
DOCS = Path(__file__).parent.parent / "docs"
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Place = tuple[str | int, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(_Strict):
    """The same in Chinese and in English."""

    zh: Text
    en: Text


class Entry(Bilingual):
    """One situation, why it is so, and who hears the caller."""

    id: Identifier
    route: Route
    category: Identifier | None = None
    """The lexicon's field, or the engine's own `silent`, `unclear`, `handover`; none where several fit."""
    priority: Priority
    joint_service: Literal["119", "120", "122"] | None = None
    """Who comes along, others not excluded."""
    turns: dict[Identifier, Annotated[tuple[Text, ...], Field(min_length=1)]] = {}
    """Words that, said on top, make it another entry, by that entry's id."""
    examples: Annotated[tuple[str, ...], Field(min_length=3)]
    """What callers say. One without a letter is a silent call."""
    source: Identifier


class Part(Bilingual):
    """A field of life."""

    entries: Annotated[tuple[Entry, ...], Field(min_length=1)]


class Boundary(_Strict):
    """The whole rule."""

    foreword: Bilingual
    """Markdown; `{movable}` stands for the fields that a town may take from the police."""
    sources: dict[Identifier, Bilingual]
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries in their order."""
        return tuple(entry for part in self.parts for entry in part.entries)


def load_boundary(file: Path = DEFAULT_FILE) -> Boundary:
    """Load and check the rule; raises LexiconError naming file, line and key of the first mistake."""
    source = read_yaml(file)
    boundary = source.validate(Boundary)
    known: dict[str, Entry] = {}
    said: dict[str, str] = {}
    for place, entry in _placed(boundary):
        if entry.id in known:
            raise source.error((*place, "id"), f"another entry already has the id {entry.id!r}")
        known[entry.id] = entry
        if entry.source not in boundary.sources:
            raise source.error((*place, "source"), f"{entry.source!r} is not among `sources`")
        for i, example in enumerate(entry.examples):
            if example in said:
                raise source.error(
                    (*place, "examples", i), f"{said[example]!r} already has the example {example!r}"
                )
            said[example] = entry.id
    for place, entry in _placed(boundary):
        _check_turns(source, place, entry, known)
    return boundary


def _placed(boundary: Boundary) -> Iterator[tuple[_Place, Entry]]:
    for i, part in enumerate(boundary.parts):
        for j, entry in enumerate(part.entries):
            yield ("parts", i, "entries", j), entry


def _check_turns(source: YamlSource, place: _Place, entry: Entry, known: dict[str, Entry]) -> None:
    for target in entry.turns:
        if target not in known:
            raise source.error((*place, "turns", target), f"no entry has the id {target!r}")
        if entry.route is Route.POLICE and known[target].route is not Route.POLICE:
            raise source.error(
                (*place, "turns", target), "nothing that is said on top takes a caller from the police"
            )


# --- the pages --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """A page in one language: the words around what the rule says."""

    file: str
    language: str
    overview: tuple[str, ...]
    """Head of the table of parts."""
    table: tuple[str, ...]
    """Head of the table of entries."""
    total: str
    routes: dict[Route, str]
    quoted: str
    silent: str
    between: str
    bases: str


_PAGES = (
    _Page(
        file="boundary.zh-CN.md", language="zh",
        overview=("", "部分", "归警察", "归民生110"),
        table=("", "情形与理由", "归谁", "等级", "话里一有这些就变", "来电人这样说", "依据"),
        total="合计", routes={Route.POLICE: "**警察**", Route.MINSHENG: "民生110"},
        quoted="“{}”", silent="（没有声音）", between="、", bases="依据",
    ),
    _Page(
        file="boundary.md", language="en",
        overview=("", "part", "police", "民生110"),
        table=("", "situation and why", "who", "priority", "words that turn it", "callers say", "basis"),
        total="all", routes={Route.POLICE: "**police**", Route.MINSHENG: "民生110"},
        quoted="“{}”", silent="(not a sound)", between=", ", bases="What it rests on",
    ),
)  # fmt: skip


def pages(boundary: Boundary) -> dict[str, str]:
    """Return the pages' Markdown by their file names."""
    fields = [field for field in load_lexicon().fields if field.movable]
    named = {page.file: page.between.join(f"{f.label} `{f.id}`" for f in fields) for page in _PAGES}
    return {page.file: "\n".join(_lines(boundary, page, named[page.file])) + "\n" for page in _PAGES}


def write_pages(folder: Path = DOCS) -> list[Path]:
    """Write the pages of the shipped rule into a folder; returns their paths."""
    written = []
    for name, content in pages(load_boundary()).items():
        (folder / name).write_text(content, encoding="utf-8")
        written.append(folder / name)
    return written


def _lines(boundary: Boundary, page: _Page, movable: str) -> Iterator[str]:
    """Write foreword, overview, one table a part, and what it all rests on."""
    yield _in(boundary.foreword, page).replace("{movable}", movable)
    yield ""
    yield from _table(page.overview, _overview(boundary, page))
    numbers = {
        entry.id: f"{i}.{j}"
        for i, part in enumerate(boundary.parts, 1)
        for j, entry in enumerate(part.entries, 1)
    }
    bases = {name: str(i) for i, name in enumerate(boundary.sources, 1)}
    for i, part in enumerate(boundary.parts, 1):
        yield from ("", f"## {i} {_in(part, page)}", "")
        yield from _table(page.table, [_row(entry, page, numbers, bases) for entry in part.entries])
    yield from ("", f"## {page.bases}", "")
    yield from (f"{bases[name]}. {_in(basis, page)}" for name, basis in boundary.sources.items())


def _overview(boundary: Boundary, page: _Page) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for i, part in enumerate(boundary.parts, 1):
        kept = sum(entry.route is Route.POLICE for entry in part.entries)
        rows.append((str(i), _in(part, page), str(kept), str(len(part.entries) - kept)))
    kept = sum(entry.route is Route.POLICE for entry in boundary.entries())
    rows.append(("", page.total, str(kept), str(len(boundary.entries()) - kept)))
    return rows


def _row(entry: Entry, page: _Page, numbers: dict[str, str], bases: dict[str, str]) -> tuple[str, ...]:
    turns = [
        page.between.join(page.quoted.format(words) for words in said) + f" → {numbers[target]}"
        for target, said in entry.turns.items()
    ]
    route = page.routes[entry.route] + (f" + {entry.joint_service}" if entry.joint_service else "")
    heard = dict.fromkeys(
        page.quoted.format(said) if any(map(str.isalnum, said)) else page.silent for said in entry.examples
    )
    return (
        numbers[entry.id], _in(entry, page), route, str(entry.priority),
        "<br>".join(turns), "<br>".join(heard), bases[entry.source],
    )  # fmt: skip


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _in(text: Bilingual, page: _Page) -> str:
    return text.zh if page.language == "zh" else text.en


if __name__ == "__main__":
    for path in write_pages():
        print(path)
