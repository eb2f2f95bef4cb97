"""The talk with the caller: a real AudioSocket, the real rules, and a caller in real time.

Speech is recognised by the real model where it matters what is heard; where a fault or an exact moment has to be
provoked, a scripted engine stands behind the real pool of decoders.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.pool import DecodePool
from ivr.audiosocket.playout import SILENCE_FRAME, Playout
from ivr.audiosocket.session import Audio, AudioSession, HungUp, Key, RemoteError
from ivr.call import TABLE, Happening, State
from ivr.dialogue import Dialogue, Reason
from ivr.patience import Patience
from ivr.prompts import Prompts
from tests.ivr.conftest import Say, no_places
from tests.ivr.line import silence
from tests.ivr.scripted_engine import ScriptedEngine, final, part
from tests.ivr.talks import (
    CLEAR,
    POLICE,
    SHORT,
    UNCLEAR,
    Begin,
    WatchedLife,
    after_a_clear_request,
    in_the_greeting,
    while_asked,
    while_listened_to_again,
    while_listening,
    while_the_last_words_are_decoded,
)
from triage.decision import Route
from triage.engine import Triage

# -- what is heard decides (real speech, real model) -------------------------------------------------------


async def test_a_police_word_decides_in_mid_sentence(begin: Begin, vosk_pool: DecodePool, say: Say) -> None:
    talk = await begin(vosk_pool)
    talk.line.say(say(f"喂你好，{POLICE}，你们快点来，我们这里是人民路，在学校的旁边，有很多人在这里看"))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.HEARD)
    assert outcome.decision.evidence
    assert not talk.line.spoken.is_set(), "the caller had come to the end before it was decided"
    assert talk.life.happened[-1] is Happening.POLICE_HEARD


async def test_a_clear_livelihood_request_waits_for_the_end_of_the_sentence(
    begin: Begin, vosk_pool: DecodePool, say: Say
) -> None:
    talk = await begin(vosk_pool, patience=Patience())
    talk.line.say(say(f"{CLEAR}，水流得到处都是"))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.MINSHENG, Reason.HEARD)
    assert talk.line.spoken.is_set()
    assert State.ASKING not in talk.life.path
    assert talk.said, "decided on words that are not final"
    assert outcome.decision.text == "，".join(u.text for u in talk.said)
    assert all(u.confidence > 0.5 for u in talk.said)


@pytest.mark.parametrize("pause_s", [0.2, 0.35])
async def test_a_police_sentence_after_a_short_pause_outranks_the_livelihood_one(
    begin: Begin, vosk_pool: DecodePool, say: Say, pause_s: float
) -> None:
    talk = await begin(vosk_pool, patience=Patience(sentence_end_s=0.6))
    talk.line.say(say(CLEAR), silence(pause_s), say(POLICE))
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.POLICE
    assert outcome.reason is Reason.HEARD


async def test_a_caller_too_soft_to_be_noticed_is_heard_out_though_his_words_come_in_bursts(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    """Words without a voice: where they pause, the caller may not."""
    talk = await begin(pool, patience=Patience(sentence_end_s=0.1, turn_end_s=4.0))
    engine.hears(part(CLEAR))
    await talk.hears(CLEAR)
    talk.line.say(silence(0.6))
    async with asyncio.timeout(15):  # a call that is over carries no sound any more
        await talk.line.spoken.wait()
    engine.hears(part(f"{CLEAR}{POLICE}"))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.HEARD)


async def test_an_unclear_caller_is_asked_once_and_then_goes_to_police(
    begin: Begin, vosk_pool: DecodePool, say: Say
) -> None:
    talk = await begin(vosk_pool)
    talk.line.say(say("喂你好"))
    await talk.life.reaches(State.LISTENING_AGAIN)
    talk.line.say(say("那个"))
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.UNCLEAR)
    assert "unclear" in outcome.decision.flags
    assert talk.life.path.count(State.ASKING) == 1


async def test_an_unclear_caller_who_then_says_it_clearly_is_understood(
    begin: Begin, vosk_pool: DecodePool, say: Say
) -> None:
    talk = await begin(vosk_pool)
    talk.line.say(say("喂你好"))
    await talk.life.reaches(State.LISTENING_AGAIN)
    talk.line.say(say(CLEAR))
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.MINSHENG
    assert len(talk.said) == 2, "both turns were heard, by one stream of speech after the other"


# -- silence and the clock ---------------------------------------------------------------------------------


async def test_a_silent_caller_is_prompted_once_and_then_goes_to_police(
    begin: Begin, pool: DecodePool
) -> None:
    talk = await begin(pool)
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.SILENT)
    assert "silent" in outcome.decision.flags
    assert outcome.decision.label == "无声电话"
    assert talk.life.path == [
        State.ARRIVED,
        State.GREETING,
        State.LISTENING,
        State.ASKING,
        State.LISTENING_AGAIN,
        State.DECIDED,
    ]


async def test_a_voice_without_a_word_is_no_silent_caller(begin: Begin, pool: DecodePool, say: Say) -> None:
    talk = await begin(pool)  # the scripted engine understands nothing
    talk.line.say(say(CLEAR))
    outcome = await talk.outcome()
    assert outcome.decision.route is Route.POLICE
    assert (outcome.decision.category, outcome.decision.label) == ("unclear", "有声难辨")
    assert "unintelligible" in outcome.decision.flags
    assert outcome.reason is Reason.SILENT, "asked to say it again, the caller said nothing"


async def test_noise_that_would_drown_a_voice_is_told(begin: Begin, pool: DecodePool) -> None:
    talk = await begin(pool)
    wind = np.random.default_rng(110).normal(0.0, 2_000.0, 5 * 8000).astype("<i2").tobytes()  # -24 dB
    talk.line.say(wind)
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.SILENT)
    assert {"silent", "noise"} <= set(outcome.decision.flags)


async def test_a_line_without_any_audio_is_a_silent_one(begin: Begin, pool: DecodePool) -> None:
    talk = await begin(pool)
    talk.line.sends = False
    assert (await talk.outcome()).reason is Reason.SILENT


async def test_audio_that_stops_in_mid_voice_ends_the_sentence(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, voice: bytes
) -> None:
    """DTX, a mute button: the last frame was a voice, and after it there is none that says silence."""
    talk = await begin(pool, patience=Patience(listen_limit_s=20, sentence_end_s=0.4))
    engine.hears(part(CLEAR))
    talk.line.say(voice)
    await talk.hears(CLEAR)
    async with asyncio.timeout(10):
        while talk.dialogue._turn._voice.speech_s < 0.5:
            await asyncio.sleep(0.005)
    talk.line.sends = False
    assert talk.dialogue._turn._voice.speaking
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.MINSHENG, Reason.HEARD)
    assert not talk.line.spoken.is_set()


async def test_the_clock_never_waits_for_a_moment_that_is_over(
    begin: Begin, pool: DecodePool, voice: bytes
) -> None:
    """Whatever stops in whichever state: the dialogue sleeps until something can change."""
    talk = await begin(pool, patience=Patience(silence_s=30, turn_end_s=30, listen_limit_s=40))
    await talk.life.reaches(State.LISTENING)
    talk.line.say(voice[:2560])  # shorter than what counts as a barge-in, and then nothing
    await talk.line.spoken.wait()
    talk.line.sends = False
    loop = asyncio.get_running_loop()
    for _ in range(20):
        asked_at = loop.time()
        assert talk.dialogue._next_mark() > asked_at
        await asyncio.sleep(0.03)
    talk.line.press("1")
    assert (await talk.outcome()).reason is Reason.KEY


async def test_a_talker_without_end_reaches_the_police_at_the_limit(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, voice: bytes
) -> None:
    talk = await begin(pool, patience=Patience(listen_limit_s=2.0))
    engine.hears(part(CLEAR))
    talk.line.say(voice, voice)
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.LIMIT)
    assert 2.0 <= outcome.after_s < 4.0
    assert not talk.line.spoken.is_set()
    assert outcome.decision.text == CLEAR


async def test_also_when_a_clear_request_is_finished_and_the_voice_goes_on(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, voice: bytes
) -> None:
    """What comes next is not known: it may be the television, and it may be the knife."""
    talk = await begin(pool, patience=Patience(listen_limit_s=2.0))
    engine.hears(part(CLEAR), final(CLEAR))
    talk.line.say(voice, voice)
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.LIMIT)
    assert outcome.decision.text == CLEAR


# -- speaking while we speak -------------------------------------------------------------------------------


def _sounding(audio: list[bytes]) -> int:
    silent = SILENCE_FRAME[3:]
    return sum(sound != silent for sound in audio)


async def test_a_voice_stops_the_greeting_within_two_frames(
    begin: Begin, pool: DecodePool, voice: bytes
) -> None:
    talk = await begin(pool, prompts=Prompts.load())
    sent: list[int] = []
    talk.life.seen = lambda: sent.append(round(talk.session.sent_s / 0.02))
    await talk.line.peer.frames(25)
    talk.line.say(voice)
    await talk.life.reaches(State.LISTENING)
    assert talk.life.happened[-1] is Happening.CALLER_SPEAKS
    barged_in_at = sent[-1]
    heard = await talk.line.peer.frames(barged_in_at + 30)
    assert _sounding(heard[:barged_in_at]) > 10, "the greeting had not begun"
    assert _sounding(heard[barged_in_at + 2 :]) == 0


async def test_an_echo_neither_stops_the_greeting_nor_speaks_for_the_caller(
    begin: Begin, vosk_pool: DecodePool
) -> None:
    talk = await begin(vosk_pool, prompts=Prompts.load(), patience=Patience(silence_s=0.6))
    talk.line.say(silence(0.12))

    async def send_back() -> None:
        """As a line does on which nobody takes the echo away: 14 dB weaker, 0.12 s late."""
        for count in itertools.count(1):
            frames = await talk.line.peer.frames(count)
            if len(frames) < count:
                return
            sound = np.frombuffer(frames[-1], "<i2") * 0.2
            talk.line.say(sound.astype("<i2").tobytes())

    echo = asyncio.create_task(send_back())
    outcome = await talk.outcome()
    await echo
    assert Happening.CALLER_SPEAKS not in talk.life.happened
    assert talk.life.happened.count(Happening.PROMPT_ENDED) == 2, (
        "the greeting and the question, to their ends"
    )
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.SILENT)
    assert "unintelligible" not in outcome.decision.flags


async def test_a_knock_on_the_microphone_does_not_stop_the_greeting(
    begin: Begin, pool: DecodePool, voice: bytes
) -> None:
    talk = await begin(pool, prompts=Prompts.load())
    await talk.line.peer.frames(25)
    talk.line.say(voice[: 4 * 320])
    await talk.life.reaches(State.LISTENING)
    assert talk.life.happened[-1] is Happening.PROMPT_ENDED
    talk.line.press("0")
    await talk.outcome()


async def test_words_stop_the_question_but_not_when_they_are_known_already(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool, prompts=Prompts.load())
    engine.hears(part(UNCLEAR))
    await talk.life.reaches(State.ASKING)
    engine.hears(part(""), final(""))
    await talk.line.peer.frames(len(talk.line.peer.audio) + 25)
    assert talk.life.state is State.ASKING
    engine.hears(part("喂"))
    await talk.life.reaches(State.LISTENING_AGAIN)
    assert talk.life.happened[-1] is Happening.CALLER_SPEAKS
    assert (await talk.outcome()).reason is Reason.UNCLEAR


# -- keys ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stage",
    [
        in_the_greeting,
        while_listening,
        after_a_clear_request,
        while_the_last_words_are_decoded,
        while_asked,
        while_listened_to_again,
    ],
    ids=lambda stage: stage.__name__,
)
@pytest.mark.parametrize("digit", ["0", "#"])
async def test_any_key_at_any_moment_reaches_the_police(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, stage: Any, digit: str
) -> None:
    talk = await begin(pool)
    await stage(talk, engine)
    talk.line.press(digit)
    outcome = await talk.outcome()
    engine.gate.set()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.KEY)
    assert "key" in outcome.decision.flags
    assert talk.life.happened.count(Happening.KEY_PRESSED) == 1


async def test_a_keyafter_a_clear_request_keeps_what_was_said_and_why(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    await after_a_clear_request(talk, engine)
    talk.line.press("5")
    decision = (await talk.outcome()).decision
    assert decision.text == CLEAR
    assert decision.evidence
    assert (decision.category, decision.label) == ("unclear", "情况不明"), "whoever spoke is no silent caller"


async def test_a_key_that_came_while_we_stood_still_outranks_the_pause(
    begin: Begin, pool: DecodePool
) -> None:
    """The process stalls over the end of a pause; the key waits in the kernel when it goes on."""
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    talk.line.press("9")
    time.sleep(1.0)  # noqa: ASYNC251 - the stall
    assert (await talk.outcome()).reason is Reason.KEY
    assert State.ASKING not in talk.life.path, "the question came before the key that was there already"


# -- whatever happens, in whatever order ---------------------------------------------------------------------

_THINGS = st.one_of(
    st.sampled_from(
        [Audio(silence(0.02)), RemoteError(1), part(""), final(""), part(CLEAR), part(UNCLEAR), final(CLEAR)]
    ),
    st.builds(part, st.text(max_size=12)),
    st.builds(final, st.text(max_size=12), st.floats(0, 1)),
    st.sampled_from(["prompt ended", "pause", Key("1"), HungUp(), RuntimeError("broken"), part(POLICE)]),
)


class _Speaker:
    """The half of a session that speaks."""

    def __init__(self) -> None:
        self.play = Playout().play
        self.sounding = b""


@settings(max_examples=120, deadline=None)
@given(st.lists(_THINGS, max_size=25))
def test_no_order_of_happenings_leaves_the_table_or_frees_an_unclear_caller(
    triage: Triage, things: list[Any]
) -> None:
    asyncio.run(_drive(triage, things))


async def _drive(triage: Triage, things: list[Any]) -> None:
    with DecodePool(ScriptedEngine(), 1, 1, 30.0) as pool:
        life = WatchedLife()
        dialogue = Dialogue(
            life,
            cast("AudioSession", _Speaker()),
            decoders=pool,
            triage=triage,
            prompts=SHORT,
            patience=Patience(silence_s=0.0, sentence_end_s=0.0, turn_end_s=0.0),
            on_utterance=lambda _: None,
            places=no_places(pool),
        )
        dialogue._hearing.open()
        life.step(Happening.AUDIO_JOINED)
        dialogue._say("greeting")
        outcome = None
        for thing in things:
            match thing:
                case "pause":
                    dialogue._turn.last_voice = dialogue._turn.last_audio = -10.0
                    outcome = dialogue._judge_pause()
                case "prompt ended":
                    if dialogue._playback is not None:
                        dialogue._playback.stop()
                        await asyncio.sleep(0)
                case Exception():
                    dialogue._happenings.put_nowait(thing)  # type: ignore[arg-type]
                    dialogue._happenings.get_nowait()
                    outcome = dialogue._fault()
                case _:
                    outcome = dialogue._take(thing)
            while outcome is None and not dialogue._happenings.empty():
                outcome = dialogue._take(dialogue._happenings.get_nowait())
            if outcome is not None:
                break
        dialogue._hearing.cancel()
        for task in tuple(dialogue._tasks):
            task.cancel()
        await asyncio.gather(*dialogue._tasks, return_exceptions=True)
    steps = list(zip(life.path, life.happened, life.path[1:], strict=False))
    assert all(TABLE[here, happening] is there for here, happening, there in steps)
    assert (outcome is not None) == (life.state in {State.DECIDED, State.ENDED})
    if outcome is not None and outcome.decision.route is Route.MINSHENG:
        assert life.happened[-1] in {Happening.LIVELIHOOD_HEARD, Happening.UNCLEAR}
        assert triage.decide(outcome.decision.text).route is Route.MINSHENG
