"""The talk with the caller when words come late, callers hang up, and parts break: nothing is lost, in doubt police."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from asr.pool import DecodePool
from asr.utterance import Utterance
from ivr.call import State
from ivr.decoders import NoDecoders
from ivr.dialogue import Reason
from ivr.patience import Patience
from tests.ivr.audiosocket.asterisk_peer import frame
from tests.ivr.scripted_engine import ScriptedEngine, final, part
from tests.ivr.talks import (
    CLEAR,
    POLICE,
    UNCLEAR,
    Begin,
    after_a_clear_request,
    in_the_greeting,
    while_asked,
    while_listened_to_again,
    while_listening,
    while_the_last_words_are_decoded,
)
from triage.decision import Route

# -- words that come late, are taken back, or are not sure ---------------------------------------------------


@pytest.mark.parametrize(
    ("words", "route"), [(CLEAR, Route.MINSHENG), (f"{CLEAR}{POLICE}", Route.POLICE)], ids=["clear", "police"]
)
async def test_nothing_is_decided_before_all_that_was_said_is_decoded(  # noqa: PLR0917 - fixtures and cases
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, voice: bytes, words: str, route: Route
) -> None:
    """Decoding lags: the pause is long over when the words come."""
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    engine.hears(part(CLEAR))
    await talk.hears(CLEAR)
    with engine.behind():
        talk.line.say(voice[:16_000])
        await talk.line.spoken.wait()
        await asyncio.sleep(
            1.5
        )  # beyond every pause of QUICK; the decoder may be behind by up to two seconds
        assert not talk.task.done()
        assert State.ASKING not in talk.life.path
        engine.last_words = words
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (route, Reason.HEARD)
    assert outcome.decision.text == words


async def test_what_is_saidwhile_the_last_words_are_decoded_is_not_lost(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, voice: bytes
) -> None:
    talk = await begin(pool)
    await while_the_last_words_are_decoded(talk, engine)
    talk.line.say(voice[:32_000])
    await asyncio.sleep(0.5)
    engine.gate.set()
    async with asyncio.timeout(10):
        while engine.opened < 2:
            await asyncio.sleep(0.005)
    engine.hears(part(POLICE))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.HEARD)
    assert outcome.decision.text == f"{CLEAR}，{POLICE}"


async def test_words_that_are_taken_back_free_nobody(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    engine.hears(part(CLEAR), part(""))
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.POLICE
    assert State.ASKING in talk.life.path
    assert outcome.decision.text == ""


async def test_a_police_word_that_the_final_words_take_back_has_decided_already(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    engine.hears(part(POLICE), final(CLEAR))
    assert (await talk.outcome()).decision.route is Route.POLICE


@pytest.mark.parametrize("confidence", [0.0, 0.3])
async def test_words_that_are_not_sure_free_nobody(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, confidence: float
) -> None:
    """Unfinished words have no confidence: that of the finished ones is asked for before anybody is freed."""
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    engine.confidence = confidence
    engine.hears(part(CLEAR))
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.POLICE
    assert State.ASKING in talk.life.path
    assert "low_confidence" in outcome.decision.flags


async def test_final_words_without_any_confidence_count_as_not_understood(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    engine.hears(Utterance(CLEAR, is_final=True))
    assert (await talk.outcome()).decision.route is Route.POLICE


async def test_what_was_unfinished_and_then_final_is_there_once(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    engine.hears(part("你好"), final("你好"), part("我家"), part(CLEAR))
    outcome = await talk.outcome()
    assert outcome.decision.text == f"你好，{CLEAR}"
    assert [u.text for u in talk.said] == ["你好", CLEAR]
    assert outcome.decision.route is Route.MINSHENG


# -- hanging up ----------------------------------------------------------------------------------------------


async def test_hanging_up_keeps_the_words_that_were_not_final_yet(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    engine.hears(final("你好"), part("有人"))
    await talk.hears("有人")
    engine.last_words = "有人打我"
    talk.line.hang_up()
    outcome = await talk.outcome()
    assert outcome.reason is Reason.HUNG_UP
    assert outcome.decision.route is Route.POLICE
    assert outcome.decision.text == "你好，有人打我"
    assert [u.text for u in talk.said] == ["你好", "有人打我"]
    assert talk.life.state is State.ENDED


@pytest.mark.parametrize(
    "stage",
    [in_the_greeting, while_listening, after_a_clear_request, while_asked, while_listened_to_again],
    ids=lambda stage: stage.__name__,
)
@pytest.mark.parametrize("reset", [False, True], ids=["hangup", "reset"])
async def test_hanging_up_at_any_stage_ends_the_call_as_police(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, stage: Any, *, reset: bool
) -> None:
    talk = await begin(pool)
    await stage(talk, engine)
    if reset:
        talk.line.peer.reset()
    else:
        talk.line.hang_up()
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.HUNG_UP)
    assert outcome.decision.text == (CLEAR if stage is after_a_clear_request else "")


async def test_a_decoder_that_stands_still_does_not_hold_up_the_end(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    await after_a_clear_request(talk, engine)
    with engine.behind():
        talk.line.hang_up()
        outcome = await talk.outcome()
    assert outcome.reason is Reason.HUNG_UP
    assert outcome.decision.text == CLEAR


# -- faults and overload -------------------------------------------------------------------------------------


async def test_without_a_free_decoder_the_caller_goes_to_police_at_once(begin: Begin) -> None:
    with DecodePool(ScriptedEngine(), 1, 1, 5.0) as full:
        other = full.open(lambda _: None)
        talk = await begin(full)
        outcome = await talk.outcome()
        other.cancel()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.SHED)
    assert talk.life.path == [State.ARRIVED, State.DECIDED]


async def test_without_a_model_or_with_a_closed_pool_as_well(begin: Begin, pool: DecodePool) -> None:
    for decoders in (NoDecoders("no model"), pool):
        pool.close()
        outcome = await (await begin(decoders)).outcome()
        assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.SHED)
        assert "shed" in outcome.decision.flags


async def test_a_listened_to_caller_is_not_shed_when_decoding_lags(
    begin: Begin, engine: ScriptedEngine
) -> None:
    """The limit is for new calls: this one has its place until it is decided."""
    with DecodePool(engine, 1, 1, 0.1) as lagging:
        talk = await begin(lagging)
        engine.hears(part(UNCLEAR))
        await talk.hears(UNCLEAR)
        talk.line.sends = False
        await talk.life.reaches(State.ASKING)
        with engine.behind():
            talk.line.sends = True
            async with asyncio.timeout(5):
                while lagging.lag_s < 0.3:
                    await asyncio.sleep(0.02)
        engine.hears(part("有人拿刀砍人"))
        outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.HEARD)


@pytest.mark.parametrize("said", ["", CLEAR])
async def test_a_decoder_that_breaks_in_mid_call_is_a_fault(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, said: str
) -> None:
    talk = await begin(pool)
    if said:
        engine.hears(part(said))
    engine.hears(RuntimeError("libvosk has had enough"))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.FAULT)
    assert "fault" in outcome.decision.flags
    assert outcome.decision.text == said


async def test_a_recogniser_that_cannot_be_opened_is_a_fault(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    engine.fails_to_open = True
    assert (await (await begin(pool)).outcome()).reason is Reason.FAULT


async def test_nobody_waits_for_a_frozen_decoder(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, voice: bytes
) -> None:
    talk = await begin(pool, patience=Patience(listen_limit_s=30, turn_end_s=0.5))
    with engine.behind():
        talk.line.say(voice[:16_000])
        outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.FAULT)
    assert outcome.after_s < 15


async def test_a_pool_that_closes_in_mid_call_is_a_fault(begin: Begin, pool: DecodePool) -> None:
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    await asyncio.to_thread(pool.close)
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.POLICE
    assert outcome.reason in {Reason.FAULT, Reason.SILENT}


async def test_what_is_no_audiosocket_is_a_fault(begin: Begin, pool: DecodePool) -> None:
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    talk.line.peer.send(b"GET / HTTP/1.1\r\n\r\n")
    assert (await talk.outcome()).reason is Reason.FAULT


async def test_an_error_that_asterisk_reports_does_not_end_the_talk(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    talk.line.peer.send(frame(0xFF, b"\x02"))
    engine.hears(part(CLEAR))
    assert (await talk.outcome()).decision.route is Route.MINSHENG
