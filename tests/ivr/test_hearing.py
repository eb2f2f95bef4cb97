"""One caller's speech recognition: a real pool of decoders, and an engine that hears what a test wants."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from asr.errors import PoolFull
from asr.pool import DecodePool
from asr.utterance import Utterance
from asr.vosk_engine import VoskEngine
from ivr.hearing import Hearing
from tests.ivr.conftest import Say
from tests.ivr.scripted_engine import ScriptedEngine, final, part

FRAME = bytes(320)


@dataclass
class Told:
    """What came of it, in order, and on which threads."""

    items: list[tuple[str, Utterance | BaseException]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def words(self, utterance: Utterance) -> None:
        self._keep("words", utterance)

    def last_words(self, utterance: Utterance) -> None:
        self._keep("last words", utterance)

    def failure(self, error: BaseException) -> None:
        self._keep("failure", error)

    def _keep(self, what: str, item: Utterance | BaseException) -> None:
        self.items.append((what, item))
        self.threads.add(threading.get_ident())
        self.changed.set()

    async def until(self, count: int) -> list[tuple[str, str]]:
        async with asyncio.timeout(10):
            while len(self.items) < count:
                self.changed.clear()
                await self.changed.wait()
        return [(what, item.text if isinstance(item, Utterance) else repr(item)) for what, item in self.items]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def pool(engine: ScriptedEngine) -> Iterator[DecodePool]:
    with DecodePool(engine, 1, 1, 30.0) as made:
        yield made


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def hearing(pool: DecodePool, told: Told) -> Hearing:
    made = Hearing(pool, on_words=told.words, on_last_words=told.last_words, on_failure=told.failure)
    made.open()
    return made


async def test_words_come_in_the_loops_thread(hearing: Hearing, engine: ScriptedEngine, told: Told) -> None:
    engine.hears(part("我"), final("我家"))
    hearing.feed(FRAME)
    await told.until(1)
    hearing.feed(FRAME)
    assert await told.until(2) == [("words", "我"), ("words", "我家")]
    assert told.threads == {threading.get_ident()}
    hearing.cancel()


async def test_last_words_are_those_of_everything_fed_before(
    hearing: Hearing, engine: ScriptedEngine, told: Told
) -> None:
    engine.hears(part("水管"))
    with engine.behind():
        hearing.feed(FRAME)
        hearing.ask()
        hearing.ask()
        assert hearing.asked
    assert await told.until(2) == [("words", "水管"), ("last words", "水管")]
    assert not hearing.asked


async def test_what_comes_while_they_are_awaited_begins_the_next_utterance(
    hearing: Hearing, engine: ScriptedEngine, told: Told
) -> None:
    with engine.behind():
        hearing.feed(FRAME)
        hearing.ask()
        hearing.feed(FRAME)
        engine.hears(part("水管"), part("有人"))
    assert await told.until(3) == [("words", "水管"), ("last words", "水管"), ("words", "有人")]
    assert engine.opened == 2
    hearing.cancel()


async def test_nothing_new_has_no_more_words(hearing: Hearing, engine: ScriptedEngine, told: Told) -> None:
    hearing.feed(FRAME)
    hearing.ask()
    await told.until(1)
    hearing.ask()
    assert (await told.until(2))[1] == ("last words", "")
    assert engine.opened == 1


async def test_a_call_that_was_admitted_keeps_its_place(
    hearing: Hearing, engine: ScriptedEngine, told: Told, pool: DecodePool
) -> None:
    hearing.feed(FRAME)
    hearing.ask()
    await told.until(1)
    with pytest.raises(PoolFull):
        pool.open(lambda _: None)
    engine.hears(part("有人"))
    hearing.feed(FRAME)
    assert (await told.until(2))[1] == ("words", "有人")
    hearing.cancel()


async def test_a_decoder_that_breaks_is_told(hearing: Hearing, engine: ScriptedEngine, told: Told) -> None:
    engine.hears(RuntimeError("broken"))
    hearing.feed(FRAME)
    assert await told.until(1) == [("failure", "RuntimeError('broken')")]


async def test_also_when_last_words_are_awaited(hearing: Hearing, engine: ScriptedEngine, told: Told) -> None:
    engine.hears(RuntimeError("broken"))
    with engine.behind():
        hearing.feed(FRAME)
        hearing.ask()
    assert (await told.until(1))[0] == ("failure", "RuntimeError('broken')")
    assert all(what == "failure" for what, _ in told.items)


async def test_asking_a_decoder_that_has_broken_already(
    hearing: Hearing, engine: ScriptedEngine, told: Told
) -> None:
    engine.hears(RuntimeError("broken"))
    hearing.feed(FRAME)
    await told.until(1)
    hearing.ask()
    assert (await told.until(2))[1][0] == "failure"


async def test_a_cancelled_hearing_says_nothing_more(
    hearing: Hearing, engine: ScriptedEngine, told: Told, pool: DecodePool
) -> None:
    with engine.behind():
        hearing.feed(FRAME)
        hearing.ask()
        hearing.cancel()
        hearing.cancel()
        assert pool.load.calls == 0
    await asyncio.to_thread(pool.close)
    await asyncio.sleep(0)
    assert told.items == []


async def test_a_pool_that_closes_is_told(hearing: Hearing, told: Told, pool: DecodePool) -> None:
    hearing.feed(FRAME)
    await asyncio.to_thread(pool.close)
    hearing.ask()
    what, item = (await told.until(1))[0]
    assert what == "failure"
    assert "PoolClosed" in item


async def test_a_sentence_cut_at_a_pause_is_heard_as_two(vosk: VoskEngine, say: Say, told: Told) -> None:
    """The real recogniser: its last words, with confidence, long before its own end of an utterance."""
    with DecodePool(vosk, 1, 1, 30.0) as pool:
        hearing = Hearing(pool, on_words=told.words, on_last_words=told.last_words, on_failure=told.failure)
        hearing.open()
        for said in ("我家水管爆了", "小区路灯坏了"):
            hearing.feed(bytes(4800) + say(said) + bytes(4800))
            hearing.ask()
            async with asyncio.timeout(20):
                while hearing.asked:
                    told.changed.clear()
                    await told.changed.wait()
        hearing.cancel()
    last = [item for what, item in told.items if what == "last words"]
    assert all(isinstance(item, Utterance) and item.is_final and item.confidence > 0.5 for item in last)
    texts = [item.text for item in last if isinstance(item, Utterance)]
    assert "水管" in texts[0]
    assert "路灯" in texts[1]
    assert "水管" not in texts[1]
