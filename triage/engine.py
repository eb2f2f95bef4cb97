"""The triage engine: a lexicon, a matcher and a policy behind two questions, `decide` and `listen`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from triage.certainty import letter_certainty
from triage.decision import Decision, Listening, Route
from triage.findings import Analysis, Finding
from triage.lexicon import DEFAULT_FOLDER, Field, Lexicon, load_lexicon
from triage.matcher import Matcher
from triage.policy import Balance, Policy

_ODD_PRIORITY = 2  # silent and unclear calls: behind certain emergencies, before everything else
_NAMES = {
    "silent": ("无声电话", _ODD_PRIORITY),
    "unclear": ("情况不明", _ODD_PRIORITY),
    "handover": ("要求人工", _ODD_PRIORITY),
}
_TELLING_WEIGHT = 0.5  # evidence from this weight on sets the urgency and calls other services


class Triage:
    """Decides who should hear a caller. Immutable after construction, so all calls share one."""

    def __init__(self, lexicon: Lexicon, policy: Policy) -> None:
        """Compile a lexicon; about two seconds, most of it jieba's dictionary."""
        self._lexicon = lexicon
        self._policy = policy
        self._matcher = Matcher(lexicon)

    @classmethod
    def load(cls, lexicon_dir: Path = DEFAULT_FOLDER, policy_file: Path | None = None) -> Triage:
        """Load from files; raises LexiconError naming file, line and key."""
        return cls(load_lexicon(lexicon_dir), Policy.load(policy_file) if policy_file else Policy.load())

    @property
    def version(self) -> str:
        """The hash of the lexicon in use."""
        return self._lexicon.version

    def phrases(self) -> frozenset[str]:
        """Return everything that a recogniser must be able to hear."""
        return self._lexicon.phrases()

    def field_ids(self, route: Route) -> tuple[str, ...]:
        """Return the ids of the fields that lead to this route."""
        return tuple(field.id for field in self._lexicon.fields if field.route is route)

    def summary(self) -> str:
        """Say in one Chinese line what is loaded."""
        police, livelihood = (len(self.field_ids(route)) for route in Route)
        return (
            f"词库 {self.version}：警情 {police} 类，民生 {livelihood} 类，"
            f"规则 {len(self._lexicon.rules)} 条，词语 {len(self.phrases())} 个"
        )

    def analyse(self, text: str) -> Analysis:
        """Return all findings, the cancelled ones too: what a decision is explained with."""
        return self._matcher.analyse(text)

    def decide(
        self, text: str, confidence: float = 1.0, *, words: Sequence[tuple[str, float]] = ()
    ) -> Decision:
        """Decide on a finished utterance.

        `confidence` is the recogniser's for the whole text and `words` its words with theirs, all 0..1. Takes any
        unicode of any length and raises nothing; what cannot be understood goes to police.
        """
        analysis = self._matcher.analyse(text)
        return self._conclude(analysis, self._weigh(analysis, confidence, words), confidence)

    def listen(self, text_so_far: str, confidence: float = 1.0) -> tuple[Listening, Decision]:
        """Judge the words so far, and say what the decision would be if the caller stopped here.

        Evidence that the next word may still make harmless (抢 before 红包) does not cut a caller short.
        """
        analysis = self._matcher.analyse(text_so_far)
        balance = self._weigh(analysis, confidence, ())
        decision = self._conclude(analysis, balance, confidence)
        police = [f for f in analysis.standing if f.rule.field.route is Route.POLICE]
        settled = [f for f in police if f.last_start < analysis.open_from]
        if analysis.handover or self._policy.sum_of(settled) >= self._policy.police_now:
            return Listening.POLICE_NOW, decision
        if decision.route is Route.MINSHENG and not police:
            return Listening.LIVELIHOOD_CLEAR, decision
        return Listening.KEEP_LISTENING, decision

    def _weigh(self, analysis: Analysis, confidence: float, words: Sequence[tuple[str, float]]) -> Balance:
        certainty = letter_certainty(analysis.spoken.letters, words)
        return self._policy.weigh(analysis.standing, confidence, certainty)

    def _conclude(self, analysis: Analysis, balance: Balance, confidence: float) -> Decision:
        freed = self._policy.frees(balance) and not analysis.handover
        side = balance.livelihood_findings if freed else balance.police_findings
        field = _leading(side)
        name = "silent" if not analysis.spoken.letters else "handover" if analysis.handover else "unclear"
        label, priority = _NAMES[name]
        if field:
            label = field.label
            priority = min([f.rule.priority for f in side if f.weight >= _TELLING_WEIGHT] or [field.priority])
        findings = sorted(
            balance.police_findings + balance.livelihood_findings, key=lambda f: (f.start, f.end)
        )
        return Decision(
            route=Route.MINSHENG if freed else Route.POLICE,
            category=field.id if field else name,
            label=label,
            priority=priority,
            confidence=round(1 - balance.p_police if freed else balance.p_police, 4),
            evidence=tuple(f.evidence(analysis.spoken) for f in findings),
            flags=self._flags(analysis, balance, confidence, field, freed=freed),
            joint_service=None if freed else _services(side),
            department=field.department if field else None,
            lexicon_version=self._lexicon.version,
            text=analysis.spoken.original,
        )

    def _flags(
        self, analysis: Analysis, balance: Balance, confidence: float, field: Field | None, *, freed: bool
    ) -> tuple[str, ...]:
        silent = not analysis.spoken.letters
        weak = balance.police < self._policy.strong_police
        standing = {
            "silent": silent,
            "handover": bool(analysis.handover),
            "unclear": not freed and not silent and not analysis.handover and weak,
            "mixed": not freed and bool(balance.police_findings) and balance.livelihood >= _TELLING_WEIGHT,
            "covert?": bool(field and field.flag == "covert?"),
            "low_confidence": not confidence >= self._policy.min_confidence,
            "negated": analysis.denied,
            "sounds_like": any(f.by_sound for f in balance.police_findings + balance.livelihood_findings),
        }
        return tuple(flag for flag, stands in standing.items() if stands)


def _leading(findings: Sequence[Finding]) -> Field | None:
    """Return the field that the findings speak of: definite before general, then weight, then urgency."""
    scores: dict[str, float] = defaultdict(float)
    fields: dict[str, Field] = {}
    for finding in findings:
        scores[finding.rule.field.id] += finding.weight
        fields[finding.rule.field.id] = finding.rule.field
    ranked = sorted(fields.values(), key=lambda f: (f.general, -round(scores[f.id], 3), f.priority, f.id))
    return ranked[0] if ranked else None


def _services(findings: Sequence[Finding]) -> str | None:
    named = {f.rule.field.joint_service for f in findings if f.weight >= _TELLING_WEIGHT}
    return "/".join(sorted(service for service in named if service)) or None
