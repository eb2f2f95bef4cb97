from __future__ import annotations

from dataclasses import replace

from tests.triage.lint.flawed import COMMON, ROBBERY, found, line_of
from tests.triage.shipped import utterances
from triage.engine import Triage
from triage.lexicon import DEFAULT_FOLDER, load_lexicon
from triage.lint.dead import dead_flaws
from triage.lint.flaw import Severity
from triage.lint.rulebook import Rulebook
from triage.policy import DEFAULT_FILE, Policy


def test_a_phrase_that_is_a_context_is_an_error() -> None:
    (flaw,) = found("police/robbery#1", "“抢红包”本身就是无害语境")
    assert flaw.severity is Severity.ERROR
    assert flaw.place.file.name == "robbery.yaml"
    assert flaw.place.line == line_of(ROBBERY, "抢红包, 漏气啦")


def test_so_is_a_handover_word_that_is_a_context() -> None:
    (flaw,) = found("common/handover", "“真人”")
    assert (flaw.severity, flaw.place.line) == (Severity.ERROR, line_of(COMMON, "handover:"))


def test_a_livelihood_phrase_that_is_a_context_is_none() -> None:
    assert found("minsheng/water#3", "火警演习") == []
    assert found("minsheng/water#1", "“冒烟囱”") == []


def test_a_longer_phrase_that_a_shorter_one_says() -> None:
    (flaw,) = found("police/fire#1", "“冒浓烟了”不起作用", "“冒浓烟”")
    assert flaw.severity is Severity.HINT


def test_a_longer_phrase_that_a_context_spares_matters() -> None:
    assert found("police/robbery#1", "“抢银行了”不起作用") == []  # 没抢银行了
    assert found("police/fire#1", "“着火了快来”不起作用") == []  # 演习着火了快来


def test_what_is_called_superfluous_changes_no_decision() -> None:
    """The shipped lexicon decides every sentence the same without the phrases that it is told it may delete."""
    book = Rulebook.load(DEFAULT_FOLDER, DEFAULT_FILE)
    dead = {
        flaw.problem[1 : flaw.problem.index("”")] for flaw in dead_flaws(book) if "不起作用" in flaw.problem
    }
    lexicon = load_lexicon()
    rules = tuple(
        rule
        if len(rule.slots) > 1
        else replace(rule, slots=(tuple(phrase for phrase in rule.slots[0] if phrase not in dead),))
        for rule in lexicon.rules
    )
    assert len(dead) > 20
    without = Triage(replace(lexicon, rules=rules), Policy.load())
    for name in ("police", "minsheng"):
        for texts in utterances(name).values():
            for text in texts:
                one, other = book.triage.decide(text), without.decide(text)
                assert (one.route, one.category, one.priority) == (
                    other.route,
                    other.category,
                    other.priority,
                )
