"""The real parts that calls are made of, loaded once: the lexicon, the speech model, synthetic callers' voices."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from asr.pool import DecodePool
from asr.utterance import Utterance
from asr.vosk_engine import VoskEngine
from ivr.audiosocket.server import AudioSocketServer
from ivr.decoders import Decoders
from ivr.dialogue import Dialogue, Outcome
from ivr.journal import Journal
from ivr.patience import Patience
from ivr.place_hearing import PlaceHearing
from ivr.prompts import Prompts
from models.recipe.voice import speak
from records.events import CallEvent
from tests.ivr.line import Line
from tests.ivr.scripted_engine import ScriptedEngine
from tests.ivr.talks import QUICK, SHORT, Begin, Talk, WatchedLife
from triage.engine import Triage

Say = Callable[[str], bytes]
BUNDLED = Path(__file__).resolve().parents[2] / "models" / "bundled"


@pytest.fixture
def told() -> list[CallEvent]:
    """What `journal` was told, in the order in which it was told."""
    return []


@pytest.fixture
def journal(told: list[CallEvent]) -> Journal:
    return Journal(told.append)


@pytest.fixture(scope="session")
def triage() -> Triage:
    return Triage.load()


@pytest.fixture(scope="session")
def vosk_folder() -> Path:
    """The bundled model, or the one that MINSHENG110_TEST_MODEL names."""
    return Path(os.environ.get("MINSHENG110_TEST_MODEL", BUNDLED))


@pytest.fixture(scope="session")
def vosk(vosk_folder: Path) -> VoskEngine:
    return VoskEngine(vosk_folder)


@pytest.fixture(scope="session")
def say() -> Say:
    """A sentence as s16le mono 8 kHz audio, by a voice that the model was never trained on."""

    @cache
    def spoken(text: str) -> bytes:
        return speak(text, voice="f5").astype("<i2").tobytes()

    return spoken


def no_places(decoders: Decoders) -> PlaceHearing:
    """As where there is no list of places."""
    return PlaceHearing(decoders, lambda: None, lambda _answer, _words: None)


@pytest.fixture
async def begin(triage: Triage, pool: DecodePool) -> AsyncIterator[Begin]:
    """Calls whose audio has joined; afterwards no task and no connection of theirs may be left.

    It ends before `pool` does, which then looks whether every place has been given back.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        async with AudioSocketServer(listener, max_sessions=8) as server:
            talks: list[Talk] = []

            async def begin_one(
                decoders: Decoders,
                *,
                patience: Patience = QUICK,
                prompts: Prompts = SHORT,
                places: PlaceHearing | None = None,
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
                    places=places or no_places(decoders),
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
        assert made.load.calls == 0, "a call has kept its place"
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
