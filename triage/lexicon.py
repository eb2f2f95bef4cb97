"""The lexicon as the matcher uses it, loaded from a folder of YAML files, all or nothing.

Its version is a hash of what the files say, so that any decision can be replayed with the very rules it was made by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as computed
from pathlib import Path

from triage.decision import Route
from triage.errors import LexiconError
from triage.lexicon_format import AbuseEntry, AnswersEntry, CommonFile, FieldFile, HarmlessFile, RuleEntry
from triage.spoken_text import fold
from triage.yaml_source import YamlSource, read_yaml

DEFAULT_FOLDER = Path(__file__).parent / "lexicon"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of matters: what a caller's words can be about."""

    id: str
    label: str
    route: Route
    priority: int
    joint_service: str | None
    department: str | None
    general: bool
    flag: str | None
    movable: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A phrase rule has one slot; a combination has two or more. Phrases are folded."""

    id: str
    """Folder, field and place in the file, from 1: `police/robbery#3`."""
    field: Field
    slots: tuple[tuple[str, ...], ...]
    within: int
    weight: float
    priority: int
    boundary: bool
    sounds: bool
    firm: bool = False
    """Nothing cancels its evidence: livelihood words mean what they say, whichever line hears them."""
    police: bool = computed(init=False)
    """It speaks for the police. Kept here because a decision asks dozens of times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "police", self.field.route is Route.POLICE)


@dataclass(frozen=True, slots=True)
class Negation:
    """Words that deny the evidence right after them, and what voids the denial."""

    words: frozenset[str]
    void_before: tuple[str, ...]
    void_after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """Words that confirm or deny, words around them that say nothing, and words that may follow. All folded."""

    yes: tuple[str, ...]
    no: tuple[str, ...]
    fillers: tuple[str, ...]
    goes_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Abuse:
    """Insults to whoever answers, and what right before one makes it a quotation. All folded."""

    words: frozenset[str] = frozenset()
    void_before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything that a folder of rules says."""

    version: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    harmless: frozenset[str]
    handover: frozenset[str]
    negatable: frozenset[str]
    negation: Negation
    answers: Answers
    summons: tuple[str, ...]
    """Words that ask somebody to come."""
    abuse: Abuse = Abuse()
    """Not among `phrases()`: insults decide nothing, so they need not be heard, nor cut other words apart."""

    def phrases(self) -> frozenset[str]:
        """Return every phrase and word that any rule, context or list names."""
        named = {phrase for rule in self.rules for slot in rule.slots for phrase in slot}
        return frozenset(named | self.harmless | self.handover | self.negation.words)


def load_lexicon(folder: Path = DEFAULT_FOLDER) -> Lexicon:
    """Load a folder; raises LexiconError naming file, line and key of the first mistake."""
    sources = [read_yaml(file) for file in lexicon_files(folder)]
    common_source, harmless_source, *field_sources = sources
    common = common_source.validate(CommonFile)
    words = {name: _folded(common_source, ("words", name), named) for name, named in common.words.items()}
    harmless = _harmless(harmless_source)
    rules: list[Rule] = []
    fields: dict[str, Field] = {}
    first_use: dict[str, str] = {}
    negatable: set[str] = set()
    for source in field_sources:
        entry = source.validate(FieldFile)
        field = _field(source, entry, fields)
        negatable.update(_folded(source, ("negatable",), entry.negatable))
        harmless.update(_folded(source, ("harmless",), entry.harmless))
        for number, rule in enumerate(entry.rules):
            rule_id = f"{source.file.parent.name}/{field.id}#{number + 1}"
            slots = tuple(_slots(source, number, rule, words))
            if rule.phrases:
                _refuse_repeats(source, number, slots[0], rule_id, first_use)
            rules.append(
                Rule(rule_id, field, slots, rule.within, rule.weight, rule.priority or field.priority,
                     rule.boundary, rule.sounds, firm=field.route is Route.MINSHENG)
            )  # fmt: skip
    negation = common.negation
    return Lexicon(
        version=_version(folder, sources),
        fields=tuple(fields.values()),
        rules=tuple(rules),
        harmless=frozenset(harmless),
        handover=frozenset(_folded(common_source, ("handover",), common.handover)),
        negatable=frozenset(negatable),
        negation=Negation(
            frozenset(_folded(common_source, ("negation", "words"), negation.words)),
            _folded(common_source, ("negation", "void_before"), negation.void_before),
            _folded(common_source, ("negation", "void_after"), negation.void_after),
        ),
        answers=_answers(common_source, common.answers),
        summons=_folded(common_source, ("summons",), common.summons),
        abuse=_abuse(common_source, common.abuse),
    )


def lexicon_files(folder: Path) -> list[Path]:
    """Return the files: common.yaml, harmless.yaml, the fields; raises LexiconError where a part is missing."""
    found = [folder / "common.yaml", folder / "harmless.yaml"]
    for file in found:
        if not file.is_file():
            parts = "common.yaml, harmless.yaml, police/ and minsheng/"
            raise LexiconError(file, 0, "(file)", f"missing: a lexicon folder has {parts}")
    for route in Route:
        files = sorted((folder / route.value).glob("*.yaml"))
        if not files:
            raise LexiconError(
                folder / route.value, 0, "(folder)", "no *.yaml here: each route needs its fields"
            )
        found += files
    return found


def _harmless(source: YamlSource) -> set[str]:
    entry = source.validate(HarmlessFile)
    found: dict[str, str] = {}
    for word, contexts in entry.root.items():
        for i, letters in enumerate(_folded(source, (word,), contexts)):
            if letters in found:
                raise source.error(
                    (word, i), f"{letters!r} stands under {found[letters]!r} too: keep one of them"
                )
            found[letters] = word
    return set(found)


def _abuse(source: YamlSource, entry: AbuseEntry) -> Abuse:
    return Abuse(
        frozenset(_folded(source, ("abuse", "words"), entry.words)),
        _folded(source, ("abuse", "void_before"), entry.void_before),
    )


def _answers(source: YamlSource, entry: AnswersEntry) -> Answers:
    return Answers(
        **{
            name: _folded(source, ("answers", name), getattr(entry, name))
            for name in AnswersEntry.model_fields
        }
    )


def _field(source: YamlSource, entry: FieldFile, fields: dict[str, Field]) -> Field:
    if entry.route != source.file.parent.name:
        raise source.error(
            ("route",), f"this file lies in {source.file.parent.name}/: move it or change its route"
        )
    if entry.id in fields:
        raise source.error(("id",), f"another file already has the id {entry.id!r}")
    field = Field(entry.id, entry.label, Route(entry.route), entry.priority, entry.joint_service,
                  entry.department, entry.general, entry.flag, entry.movable)  # fmt: skip
    fields[field.id] = field
    return field


def _slots(
    source: YamlSource, number: int, rule: RuleEntry, words: dict[str, tuple[str, ...]]
) -> Iterator[tuple[str, ...]]:
    if rule.phrases:
        yield _folded(source, ("rules", number, "phrases"), rule.phrases)
        return
    for place, slot in enumerate(rule.together):
        found: list[str] = []
        for i, word in enumerate(slot):
            path = ("rules", number, "together", place, i)
            if not word.startswith("$"):
                found += _folded(source, path[:-1], (word,))
            elif word[1:] in words:
                found += words[word[1:]]
            else:
                raise source.error(
                    path, f"no list {word!r} in common.yaml; there are: {', '.join(sorted(words))}"
                )
        yield tuple(dict.fromkeys(found))


def _folded(source: YamlSource, path: tuple[str | int, ...], phrases: tuple[str, ...]) -> tuple[str, ...]:
    """Fold phrases as texts are folded; a phrase that folds to nothing, or twice in one list, is an error."""
    found: dict[str, int] = {}
    for i, phrase in enumerate(phrases):
        letters = fold(phrase).letters
        if not letters:
            raise source.error((*path, i), f"{phrase!r} has no letter in it")
        if letters in found:
            raise source.error((*path, i), f"{phrase!r} stands twice in this list: keep one of them")
        found[letters] = i
    return tuple(found)


def _refuse_repeats(
    source: YamlSource, number: int, phrases: tuple[str, ...], rule_id: str, first_use: dict[str, str]
) -> None:
    for i, phrase in enumerate(phrases):
        if phrase in first_use:
            raise source.error(
                ("rules", number, "phrases", i),
                f"duplicate phrase {phrase!r}: {first_use[phrase]} has it already",
            )
        first_use[phrase] = rule_id


def _version(folder: Path, sources: list[YamlSource]) -> str:
    """Hash what the files say, comments and layout left out; stable over machines and file dates."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.file.relative_to(folder).as_posix()}\0{source.value!r}\0".encode())
    return digest.hexdigest()[:12]
