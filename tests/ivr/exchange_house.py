"""A house with one exchange in it: a real FastAGI server, a real AudioSocket server, and Asterisk's side of both."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from asr.pool import DecodePool
from ivr.audiosocket.server import AudioSocketServer
from ivr.exchange import Exchange
from ivr.fastagi.server import FastAgiServer
from ivr.journal import Journal
from ivr.patience import Patience
from ivr.prompts import Prompts
from ivr.rules import LiveRules
from records.events import CallEvent, EventKind
from tests.ivr.fastagi.asterisk_side import AsteriskSide, environment_bytes
from tests.ivr.line import Line, silence
from tests.ivr.scripted_engine import ScriptedEngine
from transfer.caller_history import CallerHistory
from triage.engine import Triage
from triage.facts.fact import Level
from triage.facts.finder import FactFinder
from triage.facts.gazetteer import Gazetteer, Place

PATIENCE = Patience(listen_limit_s=6.0, silence_s=0.6, sentence_end_s=0.4, turn_end_s=0.8)
PROMPTS = Prompts(
    dict.fromkeys(("greeting", "ask_again", "ask_danger", "ask_place", "silent_prompt"), silence(0.06)), {}
)


@dataclass
class Asterisk:
    """Asterisk's side: runs the script's commands on a thread of its own, and the audio on the test's loop."""

    loop: asyncio.AbstractEventLoop
    address: tuple[str, int]
    geoloc: dict[str, str] = field(default_factory=dict)
    joins: bool = True
    """Whether AudioSocket() connects at all."""
    during_audio: Callable[[Line], None] = lambda _: None
    """What the caller does, in the loop's thread, once the audio has joined."""
    before: Callable[[str, AsteriskSide], bytes | None] = lambda _command, _side: None
    """May answer a command in place of this class; b"" for no answer at all."""
    lines: list[Line] = field(default_factory=list)
    sides: list[AsteriskSide] = field(default_factory=list)

    def call(self, **environment: str) -> AsteriskSide:
        sock = socket.create_connection(self.address)
        sock.sendall(environment_bytes(**environment))
        side = AsteriskSide(sock, lambda command: self._answer(command, side))
        self.sides.append(side)
        side.start()
        return side

    def _answer(self, command: str, side: AsteriskSide) -> bytes:
        told = self.before(command, side)
        if told is not None:
            return told
        if command.startswith("EXEC"):
            asyncio.run_coroutine_threadsafe(self._audio(command), self.loop).result(30)
            return b"200 result=0\n"
        if command.startswith("GET FULL VARIABLE"):
            return f"200 result=1 ({self._value(command)})\n".encode()
        return b"200 result=1\n"

    def _value(self, command: str) -> str:
        expression = command.split('"')[1]
        if "GEOLOC_PROFILE" in expression:
            return self.geoloc.get(expression.partition("(")[2].partition(")")[0], "")
        return "abc@carrier" if "CHANNEL" in expression else expression

    async def _audio(self, command: str) -> None:
        stream, _, address = command.partition("AudioSocket(")[2].rstrip('")').partition(",")
        if not self.joins:
            return
        line = await Line.join(int(address.rpartition(":")[2]), uuid.UUID(stream))
        self.lines.append(line)
        self.during_audio(line)
        await line.peer.gone()


@dataclass
class Record:
    """What was told to the journal."""

    events: list[CallEvent] = field(default_factory=list)

    def of(self, kind: EventKind) -> list[dict[str, Any]]:
        return [dict(event.data) for event in self.events if event.kind is kind]

    @property
    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]


@dataclass
class House:
    asterisk: Asterisk
    record: Record
    arrived: list[tuple[str, str]]
    fastagi: FastAgiServer
    audio: AudioSocketServer
    rules: LiveRules
    history: CallerHistory
    ear: ScriptedEngine
    """What is bound to the names of the house's two places."""

    async def ended(self) -> None:
        """Wait until every script has left: Asterisk's side sees its connection closed."""
        for side in self.asterisk.sides:
            await asyncio.to_thread(side.join, 25)
            assert not side.is_alive(), side.commands


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def pool(engine: ScriptedEngine) -> Iterator[DecodePool]:
    with DecodePool(engine, 1, 2, 30.0) as made:
        yield made
        assert made.load.calls == 0, "a call has kept its place"


@pytest.fixture
async def house(pool: DecodePool, triage: Triage) -> AsyncIterator[House]:
    loop = asyncio.get_running_loop()
    record, arrived = Record(), list[tuple[str, str]]()
    history, ear = CallerHistory(24), ScriptedEngine()
    places = Gazetteer((Place("和平镇", Level.TOWN, code="350781108"), Place("大竹镇", Level.TOWN)))
    rules = LiveRules(lambda: triage, lambda: FactFinder(places))

    def submit(event: CallEvent) -> None:
        record.events.append(event)
        history.take(event)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with AudioSocketServer(listener, max_sessions=4) as audio:
            exchange = Exchange(
                loop=loop,
                audio=audio,
                audio_address=listener.getsockname()[:2],
                decoders=pool,
                bound=lambda phrases: ear if "和平镇" in phrases else None,
                rules=rules,
                prompts=PROMPTS,
                patience=PATIENCE,
                journal=Journal(submit),
                history=history,
                arrived=lambda call_id, uniqueid: arrived.append((call_id, uniqueid)),
            )
            fastagi = FastAgiServer.bind("127.0.0.1", 0, exchange.handle)
            fastagi.start()
            asterisk = Asterisk(loop, fastagi.address)
            yield House(asterisk, record, arrived, fastagi, audio, rules, history, ear)
            closed = await asyncio.to_thread(fastagi.close)
            for line in asterisk.lines:
                await line.close()
            for side in asterisk.sides:
                await asyncio.to_thread(side.end)
            assert closed, "a script's thread was stuck"
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not [t.name for t in threading.enumerate() if t.name.startswith("fastagi")]


def variables(side: AsteriskSide) -> list[tuple[str, str]]:
    """Those that the script has set, in its order."""
    parts = [command.split('"') for command in side.commands if command.startswith("SET VARIABLE")]
    return [(part[1] if len(part) > 3 else part[0].split()[2], part[-2]) for part in parts]
