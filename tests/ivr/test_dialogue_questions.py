"""The one question more: which one is asked, what the answer does, and what a silent caller may give instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asr.pool import DecodePool
from asr.utterance import Alternative
from ivr.call import Happening, State
from ivr.dialogue import Reason
from ivr.prompts import Prompts
from tests.ivr.line import silence
from tests.ivr.scripted_engine import ScriptedEngine, final, part
from tests.ivr.talks import CLEAR, SHORT, UNCLEAR, Begin, Talk
from triage.decision import Route

TOPIC = "我家那个水管"


class Watched(Prompts):
    """Prompts that tell which of them was played."""

    def __init__(self) -> None:
        super().__init__({key: SHORT[key] for key in KEYS}, {})
        self.asked: list[str] = []

    def __getitem__(self, key: str) -> bytes:
        self.asked.append(key)
        return super().__getitem__(key)


KEYS = ("greeting", "ask_again", "ask_danger", "ask_place", "silent_prompt")


def knock() -> bytes:
    """A tap on the telephone, in a bit of silence."""
    t = np.arange(480) / 8000
    tap = (12_000 * np.exp(-t / 0.008) * np.sin(2 * np.pi * 900 * t)).astype("<i2").tobytes()
    return silence(0.3) + tap + silence(0.3)


async def asked(begin: Begin, pool: DecodePool, engine: ScriptedEngine, said: str) -> tuple[Talk, Watched]:
    """A caller who has said this and has been asked something."""
    prompts = Watched()
    talk = await begin(pool, prompts=prompts)
    if said:
        engine.hears(part(said))
    await talk.life.reaches(State.LISTENING_AGAIN)
    return talk, prompts


@pytest.mark.parametrize(
    ("said", "question"),
    [(TOPIC, "ask_danger"), ("你们过来一下", "ask_place"), (UNCLEAR, "ask_again"), ("", "silent_prompt")],
)
async def test_the_question_fits_what_was_heard(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, said: str, question: str
) -> None:
    talk, prompts = await asked(begin, pool, engine, said)
    outcome = await talk.outcome()
    assert prompts.asked == ["greeting", question]
    assert outcome.decision.route is Route.POLICE, "still unclear"


async def test_a_topic_without_danger_leaves_the_police_line(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk, _ = await asked(begin, pool, engine, TOPIC)
    engine.hears(part("没有就是漏水"))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.MINSHENG, Reason.HEARD)
    assert "danger_denied" in outcome.decision.flags


async def test_an_answer_that_nobody_understood_stays_with_police(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    """The words before the question would free the caller, were there no question."""
    talk, prompts = await asked(begin, pool, engine, TOPIC)
    engine.hears(part("四点城北巷"))
    outcome = await talk.outcome()
    assert prompts.asked[-1] == "ask_danger"
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.UNCLEAR)
    assert "danger_unanswered" in outcome.decision.flags
    assert outcome.decision.text == "我家那个水管，四点城北巷", "nothing said is lost"


async def test_a_clear_request_answers_too(begin: Begin, pool: DecodePool, engine: ScriptedEngine) -> None:
    talk, _ = await asked(begin, pool, engine, TOPIC)
    engine.hears(part("水管爆了"))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.MINSHENG, Reason.HEARD)


async def test_a_yes_decides_at_once(begin: Begin, pool: DecodePool, engine: ScriptedEngine) -> None:
    talk, _ = await asked(begin, pool, engine, TOPIC)
    engine.hears(part("有"))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.HEARD)
    assert "danger_confirmed" in outcome.decision.flags
    assert talk.life.happened[-1] is Happening.POLICE_HEARD


async def test_danger_that_perhaps_was_said_is_asked_about(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    """Without the other reading the caller would be put through to livelihood without a question."""
    prompts = Watched()
    talk = await begin(pool, prompts=prompts)
    engine.hears(replace(final(CLEAR), alternatives=(Alternative("我家有人被砍了", 0.3),)))
    await talk.life.reaches(State.LISTENING_AGAIN)
    assert prompts.asked == ["greeting", "ask_danger"]
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.POLICE, "asked, and nothing was denied"
    assert "alternative" in outcome.decision.flags
    assert outcome.decision.alternatives == (("我家有人被砍了", 0.3),)


async def test_a_no_is_none_when_something_else_was_asked(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk, prompts = await asked(begin, pool, engine, "你们过来一下")
    engine.hears(part("没有"))
    outcome = await talk.outcome()
    assert prompts.asked[-1] == "ask_place"
    assert outcome.decision.route is Route.POLICE
    assert "danger_denied" not in outcome.decision.flags


async def test_words_before_the_question_are_no_answer(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk, _ = await asked(begin, pool, engine, "不是那个水管")
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.POLICE
    assert "danger_denied" not in outcome.decision.flags


# -- who cannot speak --------------------------------------------------------------------------------------


async def test_a_tap_after_the_prompt_brings_a_person_at_once(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk, prompts = await asked(begin, pool, engine, "")
    talk.line.say(knock())
    outcome = await talk.outcome()
    assert prompts.asked[-1] == "silent_prompt"
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.SILENT)
    assert {"silent", "tap"} <= set(outcome.decision.flags)
    assert talk.life.happened[-1] is Happening.TAP_HEARD


async def test_a_tap_before_is_told_as_well_and_the_caller_is_asked(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    talk.line.say(knock())
    outcome = await talk.outcome()
    assert State.ASKING in talk.life.path
    assert outcome.reason is Reason.SILENT
    assert "tap" in outcome.decision.flags


async def test_who_answers_the_silent_prompt_in_words_is_heard(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk, _ = await asked(begin, pool, engine, "")
    engine.hears(part(CLEAR))
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.MINSHENG
    assert "silent" not in outcome.decision.flags


async def test_silence_without_a_sign_bears_no_sign(begin: Begin, pool: DecodePool) -> None:
    outcome = await (await begin(pool)).outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.SILENT)
    assert not {"tap", "breath"} & set(outcome.decision.flags)
