"""A lexicon with the place of everything that its files say, and an engine to try it with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triage.decision import Route
from triage.engine import Triage
from triage.lexicon import Lexicon, Rule, lexicon_files, load_lexicon
from triage.lint.flaw import Flaw, Place, Severity
from triage.policy import Policy
from triage.spoken_text import fold
from triage.town import load_town
from triage.word_boundaries import Segmenter
from triage.yaml_source import YamlSource, read_yaml

_SHORT = 2  # letters; shorter phrases need word edges, and need `sounds` to be heard by their sound


@dataclass(frozen=True, slots=True)
class Listed:
    """A phrase where it stands: in a rule, or in a list such as `harmless`."""

    phrase: str
    owner: str
    """The rule's id or the list's name."""
    place: Place

    def flaw(self, severity: Severity, problem: str, advice: str) -> Flaw:
        """Say what is wrong with it."""
        return Flaw(severity, self.place, self.owner, problem, advice)


@dataclass(frozen=True, slots=True)
class Plain(Listed):
    """A phrase of a rule that counts by itself."""

    rule: Rule

    @property
    def police(self) -> bool:
        """It speaks for the police."""
        return self.rule.field.route is Route.POLICE

    @property
    def needs_edges(self) -> bool:
        """It counts only as a word of its own."""
        return len(self.phrase) < _SHORT or (self.rule.boundary and len(self.phrase) <= _SHORT)

    @property
    def by_sound(self) -> bool:
        """It is matched by its sound, too."""
        chinese = all("\u4e00" <= char <= "\u9fff" for char in self.phrase)
        short = len(self.phrase) == _SHORT and self.rule.sounds and self.police
        return chinese and (len(self.phrase) > _SHORT or short)


@dataclass(frozen=True, slots=True)
class Combined:
    """A combination."""

    rule: Rule
    place: Place

    @property
    def police(self) -> bool:
        """It speaks for the police."""
        return self.rule.field.route is Route.POLICE

    def flaw(self, severity: Severity, problem: str, advice: str) -> Flaw:
        """Say what is wrong with it."""
        return Flaw(severity, self.place, self.rule.id, problem, advice)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything the checks look at."""

    lexicon: Lexicon
    policy: Policy
    triage: Triage
    dictionary: Segmenter
    """jieba's own words, without the lexicon's phrases."""
    plain: tuple[Plain, ...]
    combined: tuple[Combined, ...]
    harmless: tuple[Listed, ...]
    handover: tuple[Listed, ...]
    negatable: tuple[Listed, ...]

    @classmethod
    def load(cls, folder: Path, policy_file: Path, town_file: Path | None = None) -> Rulebook:
        """Read a lexicon, a policy and a town's changes; raises LexiconError."""
        lexicon, policy = load_lexicon(folder), Policy.load(policy_file)
        town = load_town(town_file, lexicon) if town_file else None
        lexicon = town.lexicon if town else lexicon
        sources = [read_yaml(file) for file in lexicon_files(folder)]
        common, contexts, *fields = sources
        plain: list[Plain] = []
        combined: list[Combined] = []
        rules = {rule.id: rule for rule in lexicon.rules}
        for source in fields:
            for number, entry in enumerate(source.value["rules"]):
                rule = rules.get(f"{_name(source)}#{number + 1}")
                if rule is None:  # a town has moved the field, and left this rule behind
                    continue
                if "together" in entry:
                    combined.append(Combined(rule, _place(source, ("rules", number))))
                for i, phrase in enumerate(entry.get("phrases", ())):
                    place = _place(source, ("rules", number, "phrases", i))
                    plain.append(Plain(fold(phrase).letters, rule.id, place, rule))
        harmless = [listed for word in contexts.value for listed in _listed(contexts, word)]
        harmless += [listed for source in fields for listed in _listed(source, "harmless")]
        negatable = [listed for source in fields for listed in _listed(source, "negatable")]
        if town:
            for phrase, path in town.words.items():
                place = _place(town.source, path)
                if path[0] == "fields":
                    rule = rules[f"town/{path[1]}#1"]
                    plain.append(Plain(phrase, rule.id, place, rule))
                else:
                    harmless.append(Listed(phrase, "town/harmless", place))
        return cls(
            lexicon, policy, Triage(lexicon, policy), Segmenter(()), tuple(plain), tuple(combined),
            tuple(harmless), tuple(_listed(common, "handover")), tuple(negatable),
        )  # fmt: skip

    def police_weight(self, text: str) -> float:
        """Return the weight of the police evidence that stands in a text as it is written, sounds left out."""
        return self.policy.sum_of(
            [
                found
                for found in self.triage.analyse(text).standing
                if found.rule.field.route is Route.POLICE and not found.by_sound
            ]
        )


def _listed(source: YamlSource, key: str) -> Iterator[Listed]:
    for i, phrase in enumerate(source.value.get(key) or ()):
        yield Listed(fold(phrase).letters, f"{_name(source)}/{key}", _place(source, (key, i)))


def _name(source: YamlSource) -> str:
    """Return `common` or `harmless`, or folder and field as in the ids of rules."""
    field = source.value.get("id")
    return f"{source.file.parent.name}/{field}" if field else source.file.stem


def _place(source: YamlSource, path: tuple[str | int, ...]) -> Place:
    return Place(source.file, source.line(path))
