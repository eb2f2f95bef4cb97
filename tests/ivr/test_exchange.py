"""One call through the deciding path: a real FastAGI server, a real AudioSocket server, and Asterisk's side of both."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import closing

import pytest
import structlog

from asr.pool import DecodePool
from ivr.exchange import Exchange
from ivr.fastagi.server import FastAgiServer
from ivr.journal import Journal, call_id_of
from ivr.prompts import Prompts
from ivr.rules import LiveRules
from records.events import EventKind
from tests.ivr.exchange_house import PATIENCE, PROMPTS, Asterisk, House, engine, house, pool, variables
from tests.ivr.fastagi.asterisk_side import ENVIRONMENT, AsteriskSide, environment_bytes
from tests.ivr.line import Line
from tests.ivr.scripted_engine import ScriptedEngine, final, part
from transfer.caller_history import CallerHistory
from triage.engine import Triage

__all__ = ["engine", "house", "pool"]
CLEAR = "我家水管爆了"
CALL = call_id_of(ENVIRONMENT["agi_uniqueid"])
LOCATION = {"format": "civicAddress", "location_info": 'country="CN",A3="朝阳区",RD="建国路"'}


# -- a call that goes well ---------------------------------------------------------------------------------


async def test_a_clear_livelihood_request_gets_its_variables_the_route_last(
    house: House, engine: ScriptedEngine
) -> None:
    house.asterisk.geoloc = LOCATION
    engine.hears(part(CLEAR))
    side = house.asterisk.call()
    await house.ended()
    assert [name for name, _ in variables(side)] == [
        "TIMEOUT(absolute)",
        "__CALL_ID",
        "__GEO_FORMAT",
        "__GEO_INFO",
        "__TRIAGE_CATEGORY",
        "__TRIAGE_LABEL",
        "__TRIAGE_PRIORITY",
        "__CALLER_LOCATION",
        "__CALLER_SAID",
        "TRIAGE_ROUTE",
    ]
    values = dict(variables(side))
    assert values["TRIAGE_ROUTE"] == "minsheng"
    assert values["__CALL_ID"] == CALL
    assert values["__CALLER_LOCATION"] == "朝阳区建国路"
    assert values["__CALLER_SAID"] == CLEAR
    assert house.arrived == [(CALL, ENVIRONMENT["agi_uniqueid"])]


async def test_the_time_limit_is_the_scripts_first_act(house: House, engine: ScriptedEngine) -> None:
    engine.hears(part("有人拿刀砍人"))
    side = house.asterisk.call()
    await house.ended()
    assert side.commands[0].startswith("SET VARIABLE")
    name, seconds = variables(side)[0]
    assert name == "TIMEOUT(absolute)"
    assert float(seconds) > PATIENCE.listen_limit_s


async def test_a_loop_that_is_stuck_leaves_the_dialplans_short_limit_alone(house: House) -> None:
    """Nobody waits for a computer: the caller is to be with the police after a second and a half, not after 25."""
    side = house.asterisk.call()
    threading.Event().wait(1.5)  # the loop is ours: blocking here blocks it
    await house.ended()
    assert not [command for command in side.commands if "TIMEOUT(absolute)" in command]
    assert house.record.kinds == [EventKind.STARTED, EventKind.FAULT]


async def test_the_record_of_a_call(house: House, engine: ScriptedEngine) -> None:
    house.asterisk.geoloc = LOCATION
    engine.hears(part(CLEAR), final(CLEAR))
    house.asterisk.call()
    await house.ended()
    kinds = [EventKind.STARTED, EventKind.LOCATED, EventKind.HEARD, EventKind.DECIDED]
    assert house.record.kinds == kinds
    assert {event.call_id for event in house.record.events} == {CALL}
    assert house.record.of(EventKind.STARTED)[0] == {
        "caller": "13800138000",
        "display_name": "张三",
        "dialled": "110",
        "sip_call_id": "abc@carrier",
        "channel": "PJSIP/carrier-00000001",
    }
    decided = house.record.of(EventKind.DECIDED)[0]
    assert (decided["route"], decided["reason"], decided["text"]) == ("minsheng", "heard", CLEAR)


async def test_the_audio_is_executed_under_the_net_of_tryexec(house: House, engine: ScriptedEngine) -> None:
    engine.hears(part("有人拿刀砍人"))
    side = house.asterisk.call()
    await house.ended()
    executed = [command for command in side.commands if command.startswith("EXEC")]
    assert len(executed) == 1
    assert executed[0].startswith('EXEC TryExec "AudioSocket(')
    assert CALL not in executed[0], "the stream has an id that nobody can know beforehand"


async def test_two_calls_at_once_do_not_mix(house: House, engine: ScriptedEngine) -> None:
    house.asterisk.during_audio = lambda line: line.press("1")
    first = house.asterisk.call(uniqueid="1.1")
    second = house.asterisk.call(uniqueid="2.2")
    await house.ended()
    for side, uniqueid in ((first, "1.1"), (second, "2.2")):
        assert dict(variables(side))["__CALL_ID"] == call_id_of(uniqueid)
        assert dict(variables(side))["TRIAGE_ROUTE"] == "police"
    assert sorted(e["reason"] for e in house.record.of(EventKind.DECIDED)) == ["key", "key"]


async def test_log_lines_of_the_dialogue_name_the_call(house: House, engine: ScriptedEngine) -> None:
    """Also those that are written in the loop's thread."""
    house.asterisk.during_audio = lambda line: line.press("1")
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        house.asterisk.call()
        await house.ended()
    told = {entry["event"]: entry for entry in logs}
    assert told["caller.key"]["call_id"] == CALL
    assert told["call.decided"]["call_id"] == CALL
    assert "13800138000" not in repr(logs)


# -- a caller who goes ---------------------------------------------------------------------------------------


async def test_a_caller_who_is_gone_already_has_a_record(house: House) -> None:
    """The session waited in the kernel while the node was away."""

    def gone(command: str, side: AsteriskSide) -> bytes | None:
        return b"511 Command Not Permitted on a dead channel or intercept routine\n"

    house.asterisk.before = gone
    house.asterisk.call()
    await house.ended()
    assert house.record.kinds == [EventKind.STARTED]
    assert house.record.of(EventKind.STARTED)[0]["caller"] == "13800138000"


async def test_a_caller_who_closes_at_once_has_a_record(house: House) -> None:
    with socket.create_connection(house.fastagi.address) as sock:
        sock.sendall(environment_bytes())
    async with asyncio.timeout(10):
        while not house.record.events:
            await asyncio.sleep(0.01)
    await house.ended()
    assert house.record.kinds == [EventKind.STARTED]


async def test_hanging_up_before_the_audio_is_no_fault(house: House) -> None:
    def hangs_up(command: str, side: AsteriskSide) -> bytes | None:
        if command.startswith("EXEC"):
            return b"HANGUP\n200 result=-1\n"
        return None

    house.asterisk.before = hangs_up
    house.asterisk.call()
    await house.ended()
    assert house.record.kinds == [EventKind.STARTED]


async def test_what_was_said_before_hanging_up_is_recorded(house: House, engine: ScriptedEngine) -> None:
    engine.hears(part("有人"))

    async def hang_up(line: Line) -> None:
        await asyncio.sleep(0.4)
        line.hang_up()

    tasks: list[asyncio.Task[None]] = []

    def going(command: str, side: AsteriskSide) -> bytes | None:
        if command.startswith("EXEC"):
            asyncio.run_coroutine_threadsafe(house.asterisk._audio(command), house.asterisk.loop).result(30)
            return b"HANGUP\n200 result=-1\n"
        return None

    house.asterisk.during_audio = lambda line: tasks.append(asyncio.create_task(hang_up(line)))
    house.asterisk.before = going
    side = house.asterisk.call()
    await house.ended()
    await asyncio.gather(*tasks)
    assert house.record.of(EventKind.DECIDED)[0]["reason"] == "hung_up"
    assert house.record.of(EventKind.HEARD)[0]["text"] == "有人"
    assert "TRIAGE_ROUTE" not in dict(variables(side))
    assert EventKind.FAULT not in house.record.kinds


async def test_audio_that_ends_while_the_call_goes_on_still_tells_the_dispatcher(
    house: House, engine: ScriptedEngine
) -> None:
    engine.hears(part("有人"))
    tasks: list[asyncio.Task[None]] = []

    async def end_audio(line: Line) -> None:
        await asyncio.sleep(0.4)
        line.hang_up()

    house.asterisk.during_audio = lambda line: tasks.append(asyncio.create_task(end_audio(line)))
    side = house.asterisk.call()
    await house.ended()
    await asyncio.gather(*tasks)
    assert dict(variables(side))["TRIAGE_ROUTE"] == "police"
    assert dict(variables(side))["__CALLER_SAID"] == "有人"


async def test_asterisk_that_takes_the_call_on_ends_the_talk(house: House) -> None:
    """TIMEOUT(absolute), with AGIEXITONHANGUP: the session is closed in the middle of the audio."""
    joined = threading.Event()
    house.asterisk.during_audio = lambda _: joined.set()
    side = house.asterisk.call()
    await asyncio.to_thread(joined.wait, 10)
    side.sock.shutdown(socket.SHUT_RDWR)
    house.asterisk.lines[0].hang_up()
    # Our side of the session has ended; the script comes to its end by itself.
    async with asyncio.timeout(10):
        while EventKind.DECIDED not in house.record.kinds:
            await asyncio.sleep(0.01)
    assert house.record.of(EventKind.DECIDED)[0]["reason"] == "hung_up"
    assert EventKind.FAULT not in house.record.kinds


# -- what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "geoloc",
    [
        {"format": "GML", "location_info": 'shape="Circle",pos="200 500",radius="1"'},
        {"format": "GML", "location_info": "<xml>"},
        {"format": "telepathy", "location_info": "a=b"},
    ],
)
async def test_an_unreadable_location_does_not_stop_the_call(
    house: House, engine: ScriptedEngine, geoloc: dict[str, str]
) -> None:
    house.asterisk.geoloc = geoloc
    engine.hears(part(CLEAR))
    side = house.asterisk.call()
    await house.ended()
    assert dict(variables(side))["TRIAGE_ROUTE"] == "minsheng"
    assert dict(variables(side))["__CALLER_LOCATION"] == ""
    assert house.record.of(EventKind.FAULT)[0]["what"] == "location unreadable"


async def test_audio_that_never_joins_leaves_the_route_empty(house: House) -> None:
    house.asterisk.joins = False
    side = house.asterisk.call()
    await house.ended()
    assert "TRIAGE_ROUTE" not in dict(variables(side))
    assert house.record.kinds == [EventKind.STARTED, EventKind.FAULT]
    assert house.audio.talking == 0


async def test_a_port_that_refuses_is_probed_and_never_given_to_asterisk(
    house: House, pool: DecodePool, triage: Triage
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as unused:
        refusing = unused.getsockname()[:2]
    exchange = Exchange(
        loop=asyncio.get_running_loop(),
        audio=house.audio,
        audio_address=refusing,
        decoders=pool,
        bound=lambda _: None,
        rules=LiveRules(lambda: triage),
        prompts=PROMPTS,
        patience=PATIENCE,
        journal=Journal(house.record.events.append),
        history=CallerHistory(24),
        arrived=lambda _call, _unique: None,
    )
    fastagi = FastAgiServer.bind("127.0.0.1", 0, exchange.handle)
    fastagi.start()
    side = Asterisk(asyncio.get_running_loop(), fastagi.address).call()
    await asyncio.to_thread(side.join, 10)
    assert not [command for command in side.commands if command.startswith("EXEC")]
    assert house.record.of(EventKind.FAULT)[0]["what"] == "ConnectionRefusedError"
    assert await asyncio.to_thread(fastagi.close)
    side.end()


async def test_a_probe_costs_no_place_and_no_warning(house: House) -> None:
    house.asterisk.during_audio = lambda line: line.press("1")
    with structlog.testing.capture_logs() as logs:
        house.asterisk.call()
        await house.ended()
    assert not [entry for entry in logs if entry["log_level"] in {"warning", "error"}]


async def test_more_calls_than_places_go_on_to_police(
    house: House, pool: DecodePool, engine: ScriptedEngine
) -> None:
    others = [pool.open(lambda _: None) for _ in range(2)]
    side = house.asterisk.call()
    await house.ended()
    for other in others:
        other.cancel()
    assert dict(variables(side))["TRIAGE_ROUTE"] == "police"
    assert house.record.of(EventKind.DECIDED)[0]["reason"] == "shed"


async def test_an_unknown_script_does_nothing(house: House) -> None:
    side = house.asterisk.call(network_script="../../etc/passwd")
    await house.ended()
    assert side.commands == []
    assert house.record.events == []
    assert house.arrived == []


async def test_a_fault_nobody_thought_of_is_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch, engine: ScriptedEngine
) -> None:
    def broken(_self: Prompts, key: str) -> bytes:
        raise KeyError(key)

    monkeypatch.setattr(Prompts, "__getitem__", broken)
    side = house.asterisk.call()
    await house.ended()
    assert house.record.of(EventKind.FAULT)[0]["what"] == "KeyError"
    assert "TRIAGE_ROUTE" not in dict(variables(side))


@pytest.mark.parametrize("at", ["SET VARIABLE", "EXEC"])
async def test_a_node_that_stops_takes_its_scripts_away_without_a_fault(house: House, at: str) -> None:
    reached = threading.Event()

    def silent(command: str, side: AsteriskSide) -> bytes | None:
        if command.startswith(at):
            reached.set()
            return b""
        return None

    house.asterisk.before = silent
    house.asterisk.call()
    assert await asyncio.to_thread(reached.wait, 10)
    assert await asyncio.to_thread(house.fastagi.close)
    assert house.record.kinds == [EventKind.STARTED]


async def test_an_asterisk_that_stops_answering_is_a_fault(house: House) -> None:
    house.asterisk.before = lambda command, _: b"" if command.startswith("GET FULL") else None
    house.asterisk.call()
    await house.ended()
    assert house.record.of(EventKind.FAULT)[0]["what"] == "AgiTimeout"
    assert house.record.kinds[0] is EventKind.STARTED


# -- the ear for places ------------------------------------------------------------------------------------


async def noted(
    house: House, pool: DecodePool, engine: ScriptedEngine, answer: str
) -> list[tuple[str, str | None]]:
    """Places noted of a caller who is asked where to come, and whose answer the dictation hears so."""
    house.ear.last_words = "和平镇"
    engine.hears(part("你们过来一下"))
    with structlog.testing.capture_logs() as logs:
        house.asterisk.call()
        async with asyncio.timeout(20):
            while "call.asked" not in [entry["event"] for entry in logs]:
                await asyncio.sleep(0.01)
        engine.hears(part(answer))
        await house.ended()
    behind = pool.open_spare(
        ScriptedEngine(), lambda _: None
    )  # the pool's one thread comes to it when the ear has told
    await asyncio.wrap_future(behind.finish())
    places = [fact for event in house.record.of(EventKind.NOTED) for fact in event["facts"]]
    return sorted((fact["value"], fact.get("by")) for fact in places if fact["kind"] == "place")


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        ("那个就是这个", [("和平镇", "place_recogniser")]),
        ("在何品那个路", [("和平镇", "place_recogniser")]),
        ("在五一路八十八号", [("五一路88号", None), ("和平镇", "place_recogniser")]),
        ("我在大竹镇", [("大竹镇", None)]),
    ],
)
async def test_what_the_ear_for_places_hears_is_noted_where_the_dictation_has_no_place_of_the_list(
    house: House, pool: DecodePool, engine: ScriptedEngine, answer: str, places: list[tuple[str, str | None]]
) -> None:
    assert await noted(house, pool, engine, answer) == places
    assert house.ear.opened == 1
