"""A talk with a caller for tests: its line, its life, and the stages that it goes through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from asr.utterance import Utterance
from ivr.audiosocket.session import AudioSession
from ivr.call import CallLife, Happening, State
from ivr.dialogue import Dialogue, Outcome
from ivr.patience import Patience
from ivr.prompts import Prompts
from tests.ivr.line import Line
from tests.ivr.scripted_engine import ScriptedEngine, part

CLEAR = "我家水管爆了"
POLICE = "有人拿刀砍人"
UNCLEAR = "那个就是这个"
QUICK = Patience(listen_limit_s=6.0, silence_s=0.6, sentence_end_s=0.4, turn_end_s=0.8, barge_in_s=0.2)
"""Shorter than real callers get; long enough for a machine that is busy with other things."""
_TONE = (np.sin(np.arange(960) * 0.8) * 6000).astype("<i2").tobytes()
SHORT = Prompts(
    dict.fromkeys(("greeting", "ask_again", "ask_danger", "ask_place", "silent_prompt"), _TONE), {}
)
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


async def in_the_greeting(talk: Talk, engine: ScriptedEngine) -> None:
    await talk.life.reaches(State.GREETING)


async def while_listening(talk: Talk, engine: ScriptedEngine) -> None:
    await talk.life.reaches(State.LISTENING)


async def after_a_clear_request(talk: Talk, engine: ScriptedEngine) -> None:
    engine.hears(part(CLEAR))
    await talk.hears(CLEAR)


async def while_the_last_words_are_decoded(talk: Talk, engine: ScriptedEngine) -> None:
    engine.hears(part(CLEAR))
    await talk.hears(CLEAR)
    engine.gate.clear()
    async with asyncio.timeout(10):
        while not talk.dialogue._hearing.asked:
            await asyncio.sleep(0.005)


async def while_asked(talk: Talk, engine: ScriptedEngine) -> None:
    await talk.life.reaches(State.ASKING)


async def while_listened_to_again(talk: Talk, engine: ScriptedEngine) -> None:
    await talk.life.reaches(State.LISTENING_AGAIN)
