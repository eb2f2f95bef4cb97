"""A town's own changes to the lexicon, from one file: all of them or none.

A town knows best which office handles what. What it may not do is take from the police what is the police's: a field
always may come to the police, but leaves them only where the lexicon says `movable: true`; what concerns lives stays as
urgent as it is; and no word of a town may free a caller whom the boundary (`triage.boundary`) gives to the police.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Limits

from triage.boundary import load_boundary
from triage.decision import Decision, Route
from triage.lexicon import Field, Lexicon, Rule
from triage.lexicon_format import Identifier, Phrase, Priority
from triage.spoken_text import fold
from triage.yaml_source import YamlSource, read_yaml

_OWN_WEIGHT = 1.0  # a town's phrase decides alone: who writes one means it
_SHORTEST_PHRASE = 2  # letters; one letter stands in too many words
_SHORTEST_CONTEXT = 3  # letters; a police word and at least one more
_SUPPORTING = 0.5  # lighter evidence decides nothing alone
_ABOUT_LIVES = 1  # the priority that no town can lower
_Place = tuple[str | int, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TownField(_Strict):
    """What a town changes about one field; what is left out stays as it is."""

    route: Literal["police", "minsheng"] | None = None
    priority: Priority | None = None
    department: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    phrases: tuple[Phrase, ...] = ()
    """The town's own words for the matter. Each decides alone."""


class TownFile(_Strict):
    """A town's file."""

    fields: dict[Identifier, TownField] = Limits(default_factory=dict)
    harmless: tuple[Phrase, ...] = ()
    """Contexts, such as names of places, that cancel police evidence lying inside them."""


@dataclass(frozen=True, slots=True)
class Town:
    """The lexicon with a town's changes, and what must still be made sure of once it is compiled."""

    lexicon: Lexicon
    source: YamlSource
    words: dict[str, _Place]
    """The town's phrases and contexts, folded, and where they stand in its file."""
    given_away: frozenset[str]
    """Ids of the fields that it takes from the police."""

    def refuse_unless_kept(self, decide: Callable[[str], Decision]) -> None:
        """Raise LexiconError if the boundary's police examples are not all kept by these rules.

        Those of the fields that the town may take, and has taken, are its own affair.
        """
        for entry in load_boundary().entries():
            if entry.route is not Route.POLICE or entry.category in self.given_away:
                continue
            for said in entry.examples:
                decision = decide(said)
                if decision.route is Route.POLICE:
                    continue
                letters = fold(said).letters
                culprit = next((place for word, place in self.words.items() if word in letters), None)
                if culprit is None and decision.category in self.given_away:
                    culprit = ("fields", decision.category, "route")
                if culprit:  # else it is the lexicon that fails its examples, and not the town's file
                    raise self.source.error(
                        culprit,
                        f"takes a police matter off the line: “{said}” ({entry.zh}); see docs/boundary.md",
                    )


def load_town(file: Path, lexicon: Lexicon) -> Town:
    """Load a town's file and apply it; raises LexiconError naming file, line, key and reason.

    The version of the changed lexicon covers both. A file that says nothing changes nothing.
    """
    source = read_yaml(file)
    town = source.validate(TownFile) if source.value is not None else TownFile()
    before = {field.id: field for field in lexicon.fields}
    after = {name: _changed(source, name, wanted, before) for name, wanted in town.fields.items()}
    phrases = _own_phrases(source, town, lexicon)
    contexts = _own_contexts(source, town, lexicon)
    rules = [rule for old in lexicon.rules for rule in _carried(old, after.get(old.field.id))]
    for name, own in phrases.items():
        rules.append(_own_rule(after[name], tuple(own)))
    return Town(
        lexicon=replace(
            lexicon,
            version=lexicon.version if town == TownFile() else _version(lexicon, source),
            fields=tuple(after.get(field.id, field) for field in lexicon.fields),
            rules=tuple(rules),
            harmless=lexicon.harmless | contexts.keys(),
        ),
        source=source,
        words=contexts | {word: place for own in phrases.values() for word, place in own.items()},
        given_away=frozenset(
            name for name, field in after.items() if field.route is not before[name].route is Route.POLICE
        ),
    )


def _changed(source: YamlSource, name: str, wanted: TownField, before: dict[str, Field]) -> Field:
    if name not in before:
        near = difflib.get_close_matches(name, before, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ": the ids stand in the lexicon's files"
        raise source.error(("fields", name), f"the lexicon has no field {name!r}{hint}")
    field = before[name]
    route = Route(wanted.route) if wanted.route else field.route
    moved = route is not field.route
    if moved and route is Route.MINSHENG and not field.movable:
        movable = ", ".join(sorted(other.id for other in before.values() if other.movable)) or "none"
        raise source.error(
            ("fields", name, "route"),
            f"{field.label} stays with police: only fields in which nobody is in danger may leave them ({movable})",
        )
    if moved and route is Route.MINSHENG and not wanted.department:
        raise source.error(("fields", name), "say which department handles it: add `department`")
    if field.priority == _ABOUT_LIVES and wanted.priority not in {None, _ABOUT_LIVES}:
        raise source.error(
            ("fields", name, "priority"), f"{field.label} concerns lives: its priority stays 1"
        )
    return replace(
        field,
        route=route,
        priority=wanted.priority or field.priority,
        department=wanted.department or (None if moved else field.department),
    )


def _carried(rule: Rule, field: Field | None) -> Iterable[Rule]:
    """Carry a rule over into its changed field.

    Of a field that comes to the police the supporting words stay behind: `停车场` alone says nothing, and as police
    evidence it would hold back whoever reports a lamp there. Nor do its short phrases begin to match by sound.
    """
    if field is None:
        return (rule,)
    comes = field.route is not rule.field.route and field.route is Route.POLICE
    if comes and rule.weight < _SUPPORTING:
        return ()
    own_priority = rule.priority != rule.field.priority
    return (
        replace(
            rule,
            field=field,
            priority=rule.priority if own_priority else field.priority,
            sounds=rule.sounds and not comes,
        ),
    )


def _own_rule(field: Field, phrases: tuple[str, ...]) -> Rule:
    return Rule(
        id=f"town/{field.id}#1", field=field, slots=(phrases,), within=len(max(phrases, key=len)),
        weight=_OWN_WEIGHT, priority=field.priority, boundary=False, sounds=False, firm=True,
    )  # fmt: skip


def _own_phrases(source: YamlSource, town: TownFile, lexicon: Lexicon) -> dict[str, dict[str, _Place]]:
    """Return the town's phrases of each field, folded, with their places."""
    taken = {phrase: rule.id for rule in lexicon.rules if len(rule.slots) == 1 for phrase in rule.slots[0]}
    found: dict[str, dict[str, _Place]] = {}
    for name, wanted in town.fields.items():
        for i, phrase in enumerate(wanted.phrases):
            place = ("fields", name, "phrases", i)
            letters = fold(phrase).letters
            if len(letters) < _SHORTEST_PHRASE:
                raise source.error(place, f"{phrase!r} is too short: a phrase has at least two letters")
            if letters in taken:
                raise source.error(place, f"duplicate phrase {phrase!r}: {taken[letters]} has it already")
            taken[letters] = f"town/{name}#1"
            found.setdefault(name, {})[letters] = place
    return found


def _own_contexts(source: YamlSource, town: TownFile, lexicon: Lexicon) -> dict[str, _Place]:
    """Return the town's harmless contexts, folded, with their places.

    One that is made of nothing but the police's own words (有人拿刀) has nothing in it that could make them harmless.
    """
    police = {
        word
        for rule in lexicon.rules
        if rule.field.route is Route.POLICE
        for slot in rule.slots
        for word in slot
        if len(word) > 1 or len(rule.slots) == 1  # 水, 说 and 我 of a combination are nobody's own
    } | lexicon.handover
    found: dict[str, _Place] = {}
    for i, context in enumerate(town.harmless):
        letters = fold(context).letters
        if len(letters) < _SHORTEST_CONTEXT:
            raise source.error(
                ("harmless", i), f"{context!r} is too short: a context has at least three letters"
            )
        if not _uncovered(letters, police):
            raise source.error(
                ("harmless", i), f"{context!r} is all police words: nothing in it makes them harmless"
            )
        found[letters] = ("harmless", i)
    return found


def _uncovered(letters: str, words: Iterable[str]) -> bool:
    """Tell whether some letter lies in none of the words."""
    covered = bytearray(len(letters))
    for word in words:
        at = letters.find(word)
        while at >= 0:
            covered[at : at + len(word)] = b"\1" * len(word)
            at = letters.find(word, at + 1)
    return not all(covered)


def _version(lexicon: Lexicon, source: YamlSource) -> str:
    return hashlib.sha256(f"{lexicon.version}\0{source.value!r}".encode()).hexdigest()[:12]
