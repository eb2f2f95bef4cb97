"""The triage engine: a lexicon, a matcher and a policy behind two questions, `decide` and `listen`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from triage.alternatives import doubts, readings
from triage.certainty import letter_certainty
from triage.decision import Decision, Evidence, Listening, Route
from triage.findings import Analysis, Finding
from triage.lexicon import DEFAULT_FOLDER, Field, Lexicon, load_lexicon
from triage.matcher import Matcher
from triage.policy import Balance, Policy
from triage.questions import AnswerReader, Danger, Question
from triage.second_opinion.model import DEFAULT_FILE as OPINION_FILE
from triage.second_opinion.model import SecondOpinion
from triage.sounds import sound_table
from triage.spoken_text import fold
from triage.town import load_town

_ODD_PRIORITY = 2  # silent and unclear calls: behind certain emergencies, before everything else
_NAMES = {
    "silent": ("无声电话", _ODD_PRIORITY),
    "unclear": ("情况不明", _ODD_PRIORITY),
    "unintelligible": ("有声难辨", _ODD_PRIORITY),  # a label of `unclear`, no category of its own
    "handover": ("要求人工", _ODD_PRIORITY),
}
OPINION = "second_opinion"
"""The rule, the category and the flag that stand for the second opinion where it turned the route."""
_TALK = 8  # letters: from here on it is talk, not a greeting or a half word
_TELLING_WEIGHT = 0.5  # evidence from this weight on sets the urgency and calls other services


class Triage:
    """Decides who should hear a caller. Immutable after construction, so all calls share one."""

    def __init__(self, lexicon: Lexicon, policy: Policy, opinion: SecondOpinion | None = None) -> None:
        """Compile a lexicon; about two seconds, most of it jieba's dictionary. `opinion` None: the rules alone."""
        self._lexicon = lexicon
        self._policy = policy
        self._opinion = opinion
        said = (lexicon.version, policy.model_dump_json(), opinion.version if opinion else "")
        self._version = sha256("\0".join(said).encode()).hexdigest()[:12]
        self._matcher = Matcher(lexicon)
        self._answers = AnswerReader(lexicon.answers)

    @classmethod
    def load(
        cls,
        lexicon_dir: Path = DEFAULT_FOLDER,
        policy_file: Path | None = None,
        opinion_file: Path | None = OPINION_FILE,
        town_file: Path | None = None,
    ) -> Triage:
        """Load from files; raises LexiconError naming file, line and key.

        `opinion_file` None: the rules alone. `town_file` None: no town's own changes.
        """
        lexicon = load_lexicon(lexicon_dir)
        town = load_town(town_file, lexicon) if town_file else None
        policy = Policy.load(policy_file) if policy_file else Policy.load()
        opinion = SecondOpinion.load(sound_table(), opinion_file) if opinion_file else None
        triage = cls(town.lexicon if town else lexicon, policy, opinion)
        if town:  # with the second opinion and without: it is no licence for a town's words
            for judge in (triage, cls(town.lexicon, policy)) if opinion else (triage,):
                town.refuse_unless_kept(judge.decide)
        return triage

    @property
    def version(self) -> str:
        """The hash of all that decides: lexicon, policy and second opinion."""
        return self._version

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
            f"规则 {self.version}：警情 {police} 类，民生 {livelihood} 类，"
            f"规则 {len(self._lexicon.rules)} 条，词语 {len(self.phrases())} 个"
        )

    def analyse(self, text: str) -> Analysis:
        """Return all findings, the cancelled ones too: what a decision is explained with."""
        return self._matcher.analyse(text)

    def decide(
        self,
        text: str,
        confidence: float = 1.0,
        *,
        words: Sequence[tuple[str, float]] = (),
        danger: Danger = Danger.UNKNOWN,
        alternatives: Sequence[tuple[str, float]] = (),
        voice: bool = False,
    ) -> Decision:
        """Decide on a finished utterance.

        `confidence` is the recogniser's for the whole text and `words` its words with theirs, all 0..1; `danger` is
        what the caller answered when asked about it; `alternatives` are other readings of the whole text with their
        shares, 0..1, likeliest first; `voice` says that somebody was heard, so that no words mean words that nobody
        understood. Takes any unicode of any length and raises nothing; what cannot be understood goes to police.
        """
        analysis = self._matcher.analyse(text)
        others = readings(text, alternatives)
        doubted = doubts(
            analysis, ((other, self._matcher.analyse(other.spoken.original)) for other in others)
        )
        balance = self._weigh(analysis, confidence, words, danger, doubted)
        decision = self._conclude(analysis, balance, confidence, voice=voice)
        heard = tuple((other.spoken.original, other.share) for other in others)
        return replace(decision, alternatives=heard) if heard else decision

    def question(self, decision: Decision) -> Question:
        """Choose what to ask a caller whose words did not make the matter clear."""
        if decision.evidence or "negated" in decision.flags:
            return Question.DANGER
        letters = fold(decision.text).letters
        asks_to_come = any(word in letters for word in self._lexicon.summons)
        return Question.PLACE if asks_to_come else Question.AGAIN

    def answer(
        self, text: str, confidence: float = 1.0, *, words: Sequence[tuple[str, float]] = ()
    ) -> Danger:
        """Read the answer to Question.DANGER; `confidence` and `words` are the answer's, as those of `decide`.

        Who was asked whether anybody is in danger, and is not understood, may have said that somebody is. So the words
        before the question free nobody then; those of the answer may, where they would do so alone.
        """
        told = self._answers.read(text)
        if told is Danger.UNKNOWN and self.decide(text, confidence, words=words).route is Route.POLICE:
            return Danger.UNANSWERED
        return told

    def listen(
        self, text_so_far: str, confidence: float = 1.0, *, danger: Danger = Danger.UNKNOWN
    ) -> tuple[Listening, Decision]:
        """Judge the words so far, and say what the decision would be if the caller stopped here.

        Evidence that the next word may still make harmless (抢 before 红包) does not cut a caller short.
        """
        analysis = self._matcher.analyse(text_so_far)
        balance = self._weigh(analysis, confidence, (), danger)
        decision = self._conclude(analysis, balance, confidence)
        police = [f for f in analysis.standing if f.rule.police]
        settled = [f for f in police if f.last_start < analysis.open_from]
        decided = analysis.handover or danger is Danger.CONFIRMED
        if decided or self._policy.sum_of(settled) >= self._policy.police_now:
            return Listening.POLICE_NOW, decision
        # What only the second opinion frees is not clear enough to end a dialogue: it is asked about first.
        if decision.route is Route.MINSHENG and not police and self._policy.frees_by_rules(balance):
            return Listening.LIVELIHOOD_CLEAR, decision
        return Listening.KEEP_LISTENING, decision

    def _weigh(
        self,
        analysis: Analysis,
        confidence: float,
        words: Sequence[tuple[str, float]],
        danger: Danger,
        doubted: Sequence[Finding] = (),
    ) -> Balance:
        letters = analysis.spoken.letters
        # Without a livelihood finding nobody is freed, whatever the model holds.
        asks = self._opinion and not all(f.rule.police for f in analysis.standing)
        opinion = self._opinion.judge(without_cancelled(analysis)) if self._opinion and asks else None
        certainty = letter_certainty(letters, words)
        return self._policy.weigh(
            analysis.standing,
            confidence,
            certainty,
            danger=danger,
            opinion=opinion,
            letters=len(letters),
            doubts=doubted,
        )

    def _conclude(
        self, analysis: Analysis, balance: Balance, confidence: float, *, voice: bool = False
    ) -> Decision:
        freed = self._policy.frees(balance) and not analysis.handover
        turned = self._policy.turned(balance)
        side = balance.livelihood_findings if freed else _naming(balance.police_findings)
        field = _leading(side)
        wordless = not analysis.spoken.letters
        silent = wordless and not voice
        name = "silent" if silent else "handover" if analysis.handover else "unclear"
        label, priority = _NAMES["unintelligible" if wordless and voice else name]
        if field:
            label = field.label
            priority = min([f.rule.priority for f in side if f.weight >= _TELLING_WEIGHT] or [field.priority])
        findings = sorted(
            balance.police_findings + balance.livelihood_findings,
            key=lambda f: (f.reading is not None, f.start, f.end),
        )
        return Decision(
            route=Route.MINSHENG if freed else Route.POLICE,
            category=field.id if field else name,
            label=label,
            priority=priority,
            confidence=round(1 - balance.p_police if freed else balance.p_police, 4),
            evidence=(
                *(f.evidence(analysis.spoken) for f in findings),
                *(self._voices(analysis, freed=freed) if turned else ()),
            ),
            flags=self._flags(analysis, balance, confidence, field, freed=freed, turned=turned, voice=voice),
            joint_service=None if freed else _services(side),
            department=field.department if field else None,
            lexicon_version=self._version,
            text=analysis.spoken.original,
        )

    def _voices(self, analysis: Analysis, *, freed: bool) -> Iterator[Evidence]:
        """What the second opinion, which turned the route, heard."""
        if self._opinion is None:
            return
        for voice in self._opinion.strongest(without_cancelled(analysis), for_police=not freed):
            start, end = analysis.spoken.span(voice.start, voice.end)
            yield Evidence(voice.gram, start, end, OPINION, OPINION, round(min(1.0, voice.log_odds), 3))

    def _flags(
        self,
        analysis: Analysis,
        balance: Balance,
        confidence: float,
        field: Field | None,
        *,
        freed: bool,
        turned: bool,
        voice: bool,
    ) -> tuple[str, ...]:
        wordless = not analysis.spoken.letters
        silent = wordless and not voice
        weak = balance.police < self._policy.strong_police
        standing = {
            "unintelligible": wordless and voice,
            "silent": silent,
            "handover": bool(analysis.handover),
            "unclear": not freed and not silent and not analysis.handover and weak,
            "mixed": not freed and bool(balance.police_findings) and balance.livelihood >= _TELLING_WEIGHT,
            "covert?": bool(field and field.flag == "covert?") or _fits_nothing(analysis, balance),
            "danger_confirmed": balance.danger is Danger.CONFIRMED,
            "danger_denied": balance.danger is Danger.DENIED,
            "danger_unanswered": balance.danger is Danger.UNANSWERED
            and self._policy.frees(balance._replace(danger=Danger.UNKNOWN)),
            "low_confidence": not confidence >= self._policy.min_confidence,
            OPINION: turned,
            "negated": analysis.denied,
            "sounds_like": any(f.by_sound for f in balance.police_findings + balance.livelihood_findings),
            "alternative": any(f.reading for f in balance.police_findings),
            "abusive": bool(analysis.abuse),
        }
        return tuple(flag for flag, stands in standing.items() if stands)


def _naming(findings: Sequence[Finding]) -> list[Finding]:
    """Leave out the faint doubts: they keep a caller, but what perhaps was said is no robbery of priority 1."""
    return [f for f in findings if f.reading is None or f.weight >= _TELLING_WEIGHT]


def _leading(findings: Sequence[Finding]) -> Field | None:
    """Return the field that the findings speak of: definite before general, then weight, then urgency."""
    scores: dict[str, float] = defaultdict(float)
    fields: dict[str, Field] = {}
    for finding in findings:
        scores[finding.rule.field.id] += finding.weight
        fields[finding.rule.field.id] = finding.rule.field
    ranked = sorted(fields.values(), key=lambda f: (f.general, -round(scores[f.id], 3), f.priority, f.id))
    return ranked[0] if ranked else None


def without_cancelled(analysis: Analysis) -> str:
    """Return the letters without what the rules have cancelled, denials whole: 不是抢劫 makes nobody suspect."""
    if not analysis.cancelled and not analysis.denials:
        return analysis.spoken.letters
    letters = list(analysis.spoken.letters)
    for start, end in (*((gone.start, gone.end) for gone in analysis.cancelled), *analysis.denials):
        letters[start:end] = "\0" * (end - start)
    return "".join(letters)


def _fits_nothing(analysis: Analysis, balance: Balance) -> bool:
    """Tell whether somebody talks, and of nothing that is any matter of this line: it may be a call in disguise."""
    found = balance.police_findings or balance.livelihood_findings or analysis.cancelled or analysis.handover
    return not found and len(analysis.spoken.letters) >= _TALK


def _services(findings: Sequence[Finding]) -> str | None:
    named = {f.rule.field.joint_service for f in findings if f.weight >= _TELLING_WEIGHT}
    return "/".join(sorted(service for service in named if service)) or None
