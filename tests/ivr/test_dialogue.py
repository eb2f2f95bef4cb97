"""The talk with the caller: a real AudioSocket, the real rules, and a caller in real time.

Speech is recognised by the real model where it matters what is heard; where a fault or an exact moment has to be
provoked, a scripted engine stands behind the real pool of decoders.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.pool import DecodePool
from asr.utterance import Utterance
from asr.vosk_engine import VoskEngine
from ivr.audiosocket.playout import SILENCE_FRAME, Playout
from ivr.audiosocket.server import AudioSocketServer
from ivr.audiosocket.session import Audio, AudioSession, HungUp, Key, RemoteError
from ivr.call import TABLE, CallLife, Happening, State
from ivr.decoders import Decoders, NoDecoders
from ivr.dialogue import Dialogue, Outcome, Patience, Reason
from ivr.prompts import Prompts
from tests.ivr.audiosocket.asterisk_peer import frame
from tests.ivr.conftest import Say
from tests.ivr.line import Line, silence
from tests.ivr.scripted_engine import ScriptedEngine, final, part
from triage.decision import Route
from triage.engine import Triage

CLEAR = "我家水管爆了"
POLICE = "有人拿刀砍人"
UNCLEAR = "那个就是这个"
QUICK = Patience(listen_limit_s=6.0, silence_s=0.6, sentence_end_s=0.4, turn_end_s=0.8, barge_in_s=0.2)
"""Shorter than real callers get; long enough for a machine that is busy with other things."""
_TONE = (np.sin(np.arange(960) * 0.8) * 6000).astype("<i2").tobytes()
SHORT = Prompts(dict.fromkeys(("greeting", "ask_again", "silent_prompt"), _TONE), {})
"""Prompts of 0.12 s."""


class WatchedLife(CallLife):
    """Tells a test when a call gets somewhere."""

    def __init__(self) -> None:
        super().__init__("call-1")
        self.at: dict[State, asyncio.Event] = {state: asyncio.Event() for state in State}
        self.happened: list[Happening] = []
        self.seen: Callable[[], None] = lambda: None

    def step(self, happening: Happening) -> State:
        state = super().step(happening)
        self.happened.append(happening)
        self.seen()
        self.at[state].set()
        return state

    async def reaches(self, state: State) -> None:
        async with asyncio.timeout(15):
            await self.at[state].wait()


@dataclass
class Talk:
    line: Line
    life: WatchedLife
    session: AudioSession
    dialogue: Dialogue
    task: asyncio.Task[Outcome]
    said: list[Utterance] = field(default_factory=list)

    async def outcome(self) -> Outcome:
        async with asyncio.timeout(25):
            return await asyncio.shield(self.task)

    async def hears(self, text: str) -> None:
        """Wait until the dialogue knows these words."""
        async with asyncio.timeout(10):
            while text not in self.dialogue.text:
                await asyncio.sleep(0.005)


Begin = Callable[..., Awaitable[Talk]]


@pytest.fixture
async def begin(triage: Triage) -> AsyncIterator[Begin]:
    """Calls whose audio has joined; afterwards no task and no connection of theirs may be left."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        async with AudioSocketServer(listener, max_sessions=8) as server:
            talks: list[Talk] = []

            async def begin_one(
                decoders: Decoders, *, patience: Patience = QUICK, prompts: Prompts = SHORT
            ) -> Talk:
                call = uuid.uuid4()
                expected = server.expect(call)
                line = await Line.join(listener.getsockname()[1], call)
                session = await expected
                life = WatchedLife()
                said: list[Utterance] = []
                dialogue = Dialogue(
                    life,
                    session,
                    decoders=decoders,
                    triage=triage,
                    prompts=prompts,
                    patience=patience,
                    on_utterance=said.append,
                )

                async def run() -> Outcome:
                    try:
                        return await dialogue.run()
                    finally:
                        await session.close()

                talk = Talk(line, life, session, dialogue, asyncio.create_task(run()), said)
                talks.append(talk)
                return talk

            yield begin_one
            for talk in talks:
                talk.task.cancel()
                with suppress(asyncio.CancelledError):
                    await talk.task
                await talk.line.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def pool(engine: ScriptedEngine) -> Iterator[DecodePool]:
    with DecodePool(engine, 1, 4, 30.0) as made:
        yield made
        assert made.open_streams == 0, "a call has kept its place"
    assert not [t.name for t in threading.enumerate() if t.name.startswith("asr-decode")]


@pytest.fixture
def vosk_pool(vosk: VoskEngine) -> Iterator[DecodePool]:
    with DecodePool(vosk, 1, 4, 30.0) as made:
        yield made


@pytest.fixture
def voice(say: Say) -> bytes:
    """Three seconds of somebody talking, from the first syllable on."""
    pcm = say("今天天气很好我们一起去公园散步然后我们再回家吃饭好不好")
    samples = np.frombuffer(pcm, dtype="<i2")
    start = int(np.argmax(np.abs(samples) > 2000))
    return pcm[2 * start : 2 * start + 48_000]


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
    talk.line.sends = False
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
        assert talk.dialogue._next_mark() > loop.time()
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


async def test_at_the_limit_finished_words_count(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, voice: bytes
) -> None:
    """A clear request, and behind it a television that never pauses."""
    talk = await begin(pool, patience=Patience(listen_limit_s=2.0))
    engine.hears(part(CLEAR), final(CLEAR))
    talk.line.say(voice, voice)
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.MINSHENG, Reason.LIMIT)


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


async def _in_the_greeting(talk: Talk, engine: ScriptedEngine) -> None:
    await talk.life.reaches(State.GREETING)


async def _while_listening(talk: Talk, engine: ScriptedEngine) -> None:
    await talk.life.reaches(State.LISTENING)


async def _after_a_clear_request(talk: Talk, engine: ScriptedEngine) -> None:
    engine.hears(part(CLEAR))
    await talk.hears(CLEAR)


async def _while_the_last_words_are_decoded(talk: Talk, engine: ScriptedEngine) -> None:
    engine.hears(part(CLEAR))
    await talk.hears(CLEAR)
    engine.gate.clear()
    async with asyncio.timeout(10):
        while not talk.dialogue._hearing.asked:
            await asyncio.sleep(0.005)


async def _while_asked(talk: Talk, engine: ScriptedEngine) -> None:
    await talk.life.reaches(State.ASKING)


async def _while_listened_to_again(talk: Talk, engine: ScriptedEngine) -> None:
    await talk.life.reaches(State.LISTENING_AGAIN)


@pytest.mark.parametrize(
    "stage",
    [
        _in_the_greeting,
        _while_listening,
        _after_a_clear_request,
        _while_the_last_words_are_decoded,
        _while_asked,
        _while_listened_to_again,
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


async def test_a_key_after_a_clear_request_keeps_what_was_said_and_why(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    await _after_a_clear_request(talk, engine)
    talk.line.press("5")
    decision = (await talk.outcome()).decision
    assert decision.text == CLEAR
    assert decision.evidence
    assert (decision.category, decision.label) == ("unclear", "情况不明"), "whoever spoke is no silent caller"


async def test_a_key_that_came_while_we_stood_still_outranks_the_pause(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    """The process stalls over the end of the sentence; the key waits in the kernel when it goes on."""
    talk = await begin(pool)
    await talk.life.reaches(State.LISTENING)
    engine.hears(part(CLEAR))
    await talk.hears(CLEAR)
    talk.line.press("9")
    time.sleep(1.0)  # noqa: ASYNC251 - the stall
    assert (await talk.outcome()).reason is Reason.KEY


# -- words that come late, are taken back, or are not sure ---------------------------------------------------


@pytest.mark.parametrize(
    ("words", "route"), [(CLEAR, Route.MINSHENG), (f"{CLEAR}{POLICE}", Route.POLICE)], ids=["clear", "police"]
)
async def test_nothing_is_decided_before_all_that_was_said_is_decoded(
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


async def test_what_is_said_while_the_last_words_are_decoded_is_not_lost(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, voice: bytes
) -> None:
    talk = await begin(pool)
    await _while_the_last_words_are_decoded(talk, engine)
    talk.line.say(voice[:32_000])
    await asyncio.sleep(0.5)
    engine.hears(part(POLICE))
    engine.gate.set()
    outcome = await talk.outcome()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.HEARD)
    assert outcome.decision.text == f"{CLEAR}，{POLICE}"
    assert engine.opened == 2


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
    [_in_the_greeting, _while_listening, _after_a_clear_request, _while_asked, _while_listened_to_again],
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
    assert outcome.decision.text == (CLEAR if stage is _after_a_clear_request else "")


async def test_a_decoder_that_stands_still_does_not_hold_up_the_end(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    talk = await begin(pool)
    await _after_a_clear_request(talk, engine)
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


async def test_a_place_that_another_call_took_between_two_turns(begin: Begin, engine: ScriptedEngine) -> None:
    with DecodePool(engine, 1, 1, 30.0) as small:
        talk = await begin(small)
        engine.hears(part(UNCLEAR))
        await talk.hears(UNCLEAR)
        talk.line.sends = False
        await talk.life.reaches(State.ASKING)
        other = small.open(lambda _: None)
        talk.line.sends = True
        outcome = await talk.outcome()
        other.cancel()
    assert (outcome.decision.route, outcome.reason) == (Route.POLICE, Reason.SHED)
    assert outcome.decision.text == UNCLEAR


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
    assert outcome.reason in {Reason.FAULT, Reason.SHED, Reason.SILENT}


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
        )
        dialogue._hearing.open()
        life.step(Happening.AUDIO_JOINED)
        dialogue._say("greeting")
        outcome = None
        for thing in things:
            match thing:
                case "pause":
                    dialogue._last_voice = dialogue._last_audio = -10.0
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
