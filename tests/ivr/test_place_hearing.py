"""The ear for places: what it hears is told afterwards, and no call is decided otherwise because of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from asr.pool import DecodePool
from asr.recogniser import Engine
from asr.utterance import Word
from ivr.call import State
from ivr.decoders import Decoders, NoDecoders
from ivr.dialogue import Outcome
from ivr.place_hearing import PlaceHearing
from tests.ivr.scripted_engine import ScriptedEngine, final, part
from tests.ivr.talks import UNCLEAR, Begin

WAIT_S = 30.0
COME = "你们过来一下"


class Told:
    """What an ear has told, and when it did."""

    def __init__(self) -> None:
        self.told: list[tuple[str, list[str]]] = []
        self.came = threading.Event()

    def __call__(self, answer: str, words: tuple[Word, ...]) -> None:
        self.told.append((answer, [word.text for word in words]))
        self.came.set()


def hears(text: str) -> ScriptedEngine:
    engine = ScriptedEngine()
    engine.last_words = text
    return engine


def cannot_be_made() -> Engine:
    raise RuntimeError("no grammar today")


async def asked_for_the_place(
    begin: Begin, decoders: Decoders, engine: ScriptedEngine, answer: str, places: PlaceHearing | None
) -> Outcome:
    """A talk with somebody who asks us to come, and answers this to the question where to."""
    talk = await begin(decoders, places=places)
    engine.hears(part(COME))
    await talk.life.reaches(State.LISTENING_AGAIN)
    if answer:
        engine.hears(part(answer))
    return await talk.outcome()


async def test_it_hears_the_answer_and_gives_its_place_back(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine
) -> None:
    ear, told = hears("大竹镇"), Told()
    ear.hears(final("和平镇"))
    places = PlaceHearing(pool, lambda: ear, told)
    await asked_for_the_place(begin, pool, engine, UNCLEAR, places)
    assert await asyncio.to_thread(told.came.wait, WAIT_S)
    assert told.told == [(UNCLEAR, ["和平镇", "大竹镇"])]
    assert ear.opened == 1
    assert pool.load.calls == 0


@pytest.mark.parametrize("said", ["我家那个水管", UNCLEAR, "有人拿刀砍人"])
async def test_it_is_opened_for_no_other_question(
    begin: Begin, pool: DecodePool, engine: ScriptedEngine, said: str
) -> None:
    ear, told = hears("和平镇"), Told()
    talk = await begin(pool, places=PlaceHearing(pool, lambda: ear, told))
    engine.hears(part(said))
    await talk.outcome()
    assert (ear.opened, told.told) == (0, [])


def _breaks_in_the_middle() -> ScriptedEngine:
    ear = ScriptedEngine()
    ear.hears(ValueError("the ear broke"))
    return ear


def _breaks_at_once() -> ScriptedEngine:
    ear = ScriptedEngine()
    ear.fails_to_open = True
    return ear


EARS: dict[str, Callable[[], Engine | None]] = {
    "hears a place": lambda: hears("和平镇"),
    "hears danger": lambda: hears("救命"),
    "breaks": _breaks_in_the_middle,
    "cannot open": _breaks_at_once,
    "cannot be bound": cannot_be_made,
}


@pytest.mark.parametrize("answer", ["和平镇", "我家停水了", "有人拿刀砍人", UNCLEAR, ""])
async def test_a_call_is_decided_alike_with_it_and_without(begin: Begin, answer: str) -> None:
    """Law 1 and 4: whatever it hears, or does not, or breaks."""
    with ExitStack() as stack:

        async def talk(make: Callable[[], Engine | None] | None, *, full: bool = False) -> Outcome:
            engine = ScriptedEngine()
            pool = stack.enter_context(DecodePool(engine, 1, 1 if full else 4, 30.0))
            ear = make() if make and make is not cannot_be_made else None
            find = cannot_be_made if make is cannot_be_made else lambda: ear
            return await asked_for_the_place(begin, pool, engine, answer, PlaceHearing(pool, find, Told()))

        without, refused, *others = await asyncio.gather(
            talk(None), talk(EARS["hears a place"], full=True), *(talk(make) for make in EARS.values())
        )
    for name, outcome in zip(("refused", *EARS), (refused, *others), strict=True):
        assert (outcome.decision, outcome.reason) == (without.decision, without.reason), name


def test_without_room_it_says_so_and_is_silent() -> None:
    told = Told()
    with capture_logs() as logs:
        places = PlaceHearing(NoDecoders("no model"), lambda: hears("和平镇"), told)
        places.begin()
        places.feed(bytes(320))
        places.end("")
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("places.not_heard", "info")]
    assert not told.told


def test_a_reader_that_fails_costs_no_decoder() -> None:
    def broken(_answer: str, _words: tuple[Word, ...]) -> None:
        raise ZeroDivisionError

    with DecodePool(ScriptedEngine(), 1, 2, 30.0) as pool:
        with capture_logs() as logs:
            places = PlaceHearing(pool, lambda: hears("和平镇"), broken)
            places.begin()
            places.feed(bytes(320))
            places.end("")
            after = pool.open(lambda _: None)
            after.feed(bytes(320))
            assert after.finish().result(WAIT_S).is_final
            told = Told()
            again = PlaceHearing(pool, lambda: hears("大竹镇"), told)
            again.begin()
            again.feed(bytes(320))
            again.end("")
            assert told.came.wait(WAIT_S)
        assert [entry["event"] for entry in logs] == ["places.fault"]
        assert told.told == [("", ["大竹镇"])]
