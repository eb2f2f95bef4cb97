"""A caller's words made ready for the finders: folded, with the hits of every word list and the pauses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from triage.automaton import Automaton
from triage.spoken_text import SpokenText, fold
from triage.yaml_source import read_yaml

_LOOKED_UP = {"ordinary", "letter", "cue"}  # lists that are asked about a stretch, not searched for
DEFAULT_FILE = Path(__file__).parent / "words.yaml"


class WordFile(BaseModel):
    """The word lists as their file has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weapon: dict[str, list[str]]
    injury: dict[str, list[str]]
    body: dict[str, list[str]]
    denial: list[str]
    people: dict[str, list[str]]
    pairs: list[str]
    harmless: list[str]
    no_body: list[str]
    letter: dict[str, list[str]]
    suffix: dict[str, list[str]]
    ordinary: list[str]
    relation: list[str]
    cue: list[str]
    edge: list[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed word where it stands; offsets count letters."""

    start: int
    end: int
    value: str
    """The entry's name; the word itself where its list has no names."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, made ready."""

    spoken: SpokenText
    letters: str
    pauses: frozenset[int]
    hits: Mapping[str, Sequence[Hit]]
    """By list; of words that end together, the longest first."""

    def unbroken(self, start: int, end: int) -> bool:
        """Tell whether no pause stands inside these letters."""
        return not self.pauses or not any(i in self.pauses for i in range(start + 1, end))


class WordLists:
    """All lists in one automaton: a text is passed over once. Immutable after construction."""

    def __init__(self, file: Path = DEFAULT_FILE) -> None:
        """Read the lists; raises LexiconError naming file and line."""
        source = read_yaml(file)
        words = source.validate(WordFile)
        uses: dict[str, dict[str, str]] = defaultdict(dict)
        for name, entry in words:
            if name in _LOOKED_UP:
                continue
            for value, phrase in _entries(entry):
                letters = fold(phrase).letters
                if not letters or name in uses[letters]:
                    raise source.error(
                        (name,), f"{phrase!r} stands twice in this list, or has no letter in it"
                    )
                uses[letters][name] = value
        self.ordinary = frozenset(words.ordinary)
        self.letter_names = {phrase: value for value, phrase in _entries(words.letter)}
        self.cues = tuple(words.cue)
        self._automaton = Automaton(uses)
        self._uses = [(len(phrase), tuple(lists.items())) for phrase, lists in uses.items()]

    def read(self, text: str) -> Reading:
        """Make a text ready. Any unicode, any length; the work grows with the length."""
        spoken = fold(text)
        hits: dict[str, list[Hit]] = defaultdict(list)
        for last, index in self._automaton.scan(spoken.letters).hits:
            length, lists = self._uses[index]
            for name, value in lists:
                hits[name].append(Hit(last + 1 - length, last + 1, value))
        return Reading(spoken, spoken.letters, spoken.pauses(), hits)


def _entries(entry: dict[str, list[str]] | list[str]) -> Iterator[tuple[str, str]]:
    if isinstance(entry, dict):
        for value, phrases in entry.items():
            yield from ((value, phrase) for phrase in phrases)
    else:
        yield from ((phrase, phrase) for phrase in entry)


def longest_apart(hits: Sequence[Hit]) -> list[Hit]:
    """Keep the hits that do not overlap, longer ones before shorter, in the order of the text."""
    taken = bytearray(max((hit.end for hit in hits), default=0))
    kept = []
    for hit in sorted(hits, key=lambda h: (h.start - h.end, h.start)):
        if not any(taken[hit.start : hit.end]):
            taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
            kept.append(hit)
    return sorted(kept, key=lambda h: h.start)
