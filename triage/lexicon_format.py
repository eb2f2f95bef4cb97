"""What a lexicon file may contain: the pydantic models of `common.yaml`, `harmless.yaml` and of a field's file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=24)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
Priority = Annotated[int, Field(ge=1, le=4)]
Weight = Annotated[float, Field(gt=0, le=1)]
_MOVABLE_FROM = 3  # priority; what is more urgent is danger


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleEntry(_Strict):
    """One rule: phrases that count by themselves, or words that count together."""

    phrases: tuple[Phrase, ...] = ()
    together: tuple[tuple[Phrase, ...], ...] = ()
    """Slots; one word of each slot must stand within `within` characters. `$name` is a list of common.yaml."""
    within: Annotated[int, Field(ge=2, le=40)] = 10
    weight: Weight
    priority: Priority | None = None
    """Another priority than the field's."""
    boundary: bool = False
    """Phrases of one or two characters count only as words of their own (jieba), not inside other words."""
    sounds: bool = False
    """Two-character phrases are matched by their sound too; longer ones always are."""

    @model_validator(mode="after")
    def _one_kind(self) -> RuleEntry:
        if bool(self.phrases) == bool(self.together):
            raise ValueError("a rule has either `phrases` or `together`, and it may not be empty")
        if self.together and len(self.together) < 2:
            raise ValueError("`together` needs at least two slots; one slot alone is a list of `phrases`")
        if any(not slot for slot in self.together):
            raise ValueError("a slot of `together` is empty: give it at least one word")
        return self


class FieldFile(_Strict):
    """One field of matters, such as robbery or water supply: a file of `police/` or `minsheng/`."""

    id: Identifier
    label: Annotated[str, StringConstraints(min_length=1, max_length=12)]
    route: Literal["police", "minsheng"]
    priority: Priority
    joint_service: Literal["119", "120", "122"] | None = None
    department: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    general: bool = False
    """The field only names the decision when no more definite field stands."""
    flag: Literal["covert?"] | None = None
    """A flag that the decision bears when this field names it."""
    movable: bool = False
    """A town may move this police field to 民生110. Only where nobody is in danger: never with priority 1 or 2."""
    rules: Annotated[tuple[RuleEntry, ...], Field(min_length=1)]
    harmless: tuple[Phrase, ...] = ()
    """Contexts that cancel police evidence lying inside them."""
    negatable: tuple[Phrase, ...] = ()
    """Phrases of this file that a negating word right before them cancels."""

    @model_validator(mode="after")
    def _negatable_is_a_phrase(self) -> FieldFile:
        known = {phrase for rule in self.rules for phrase in rule.phrases}
        known |= {word for rule in self.rules for slot in rule.together for word in slot}
        for phrase in self.negatable:
            if phrase not in known:
                raise ValueError(f"`negatable` names {phrase!r}, which no rule of this file has")
        return self

    @model_validator(mode="after")
    def _movable_is_no_danger(self) -> FieldFile:
        urgent = min([self.priority, *(rule.priority for rule in self.rules if rule.priority)])
        if self.movable and (self.route != "police" or urgent < _MOVABLE_FROM):
            raise ValueError("`movable` is for police fields of priority 3 or 4: danger stays with police")
        return self


class NegationEntry(_Strict):
    """Words that deny, and what makes them deny nothing."""

    words: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    void_before: tuple[Phrase, ...] = ()
    void_after: tuple[Phrase, ...] = ()


class AnswersEntry(_Strict):
    """How callers answer when they are asked whether there is danger."""

    yes: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    no: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    fillers: tuple[Phrase, ...] = ()
    """Words before, between and after that say nothing."""
    goes_on: tuple[Phrase, ...] = ()
    """Words with which the caller goes on to the matter; any other word right after makes it no answer."""


class AbuseEntry(_Strict):
    """Insults to whoever answers. They are told to the person who takes the call and never weigh on the route."""

    words: tuple[Phrase, ...] = ()
    void_before: tuple[Phrase, ...] = ()
    """Words right before an insult that make it a quotation: 他骂我|傻逼."""


class CommonFile(_Strict):
    """`common.yaml`: what all fields share."""

    words: dict[Identifier, Annotated[tuple[Phrase, ...], Field(min_length=1)]] = {}
    handover: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    negation: NegationEntry
    abuse: AbuseEntry = AbuseEntry()
    answers: AnswersEntry
    summons: Annotated[tuple[Phrase, ...], Field(min_length=1)]


class HarmlessFile(RootModel[dict[str, tuple[Phrase, ...]]]):
    """`harmless.yaml`: contexts that cancel police evidence lying inside them, under the dangerous word."""

    model_config = ConfigDict(frozen=True)
