"""Placing a call and following it: the record that is read, and whole calls on a real running system."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr import placing
from ivr.config import ROOT
from ivr.demo.calls import CALLS, VOICES
from ivr.errors import CallNotRecorded, ServerNotRunning
from ivr.placing import Placing, place, voice_of
from ivr.softphone.caller import Caller
from ivr.softphone.pidf import document
from ivr.story import Story
from records.events import CallEvent, EventKind, JsonValue
from records.store import Store
from tests.asterisk_instance import asterisk_install, free_ports
from tests.ivr.commands.program import command, environment, ivr, one_line_error
from tests.telephony.conftest import start_system, system
from tests.telephony.system import System, phones

__all__ = ["asterisk_install", "start_system", "system"]

PIPE = VOICES / "burst_pipe.wav"


def event(call_id: str, kind: EventKind, **data: JsonValue) -> CallEvent:
    return CallEvent(call_id, kind, datetime.now(UTC), data)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(f"sqlite:///{tmp_path}/records.sqlite3")) as made:
        made.upgrade()
        yield made


# -- the follower --------------------------------------------------------------------------------------------


async def follow(store: Store, limit_s: float = 10.0, *, ended: bool = False) -> Story:
    hung_up = asyncio.Event()
    if ended:
        hung_up.set()
    follower = placing._Follower(store, store.last_number(), "ours@phone")
    following = asyncio.create_task(follower.follow(limit_s, hung_up))
    await asyncio.sleep(0)
    store.append([event("other", EventKind.STARTED, sip_call_id="theirs@phone")])
    store.append([event("other", EventKind.ANSWERED, member="PJSIP/m201")])
    if limit_s > 1:
        store.append([event("c-1", EventKind.STARTED, sip_call_id="ours@phone")])
        store.append([event("c-1", EventKind.DECIDED, route="police", text="抢劫")])
        store.append([event("c-1", EventKind.ENDED if ended else EventKind.ANSWERED, member="PJSIP/p101")])
    return await following


async def test_only_our_own_call_is_followed_until_somebody_has_answered(store: Store) -> None:
    store.append([event("old", EventKind.STARTED, sip_call_id="ours@phone")])  # of a feed read before
    story = await follow(store)
    assert (story.call_id, story.route, story.heard) == ("c-1", "police", "抢劫")
    assert story.member == "PJSIP/p101"


async def test_a_call_that_ends_unanswered_is_followed_to_its_end(store: Store) -> None:
    story = await follow(store, ended=True)
    assert story.member is None
    assert "ended" in story.steps_s


async def test_records_that_tell_nothing_of_our_call(store: Store) -> None:
    with pytest.raises(CallNotRecorded, match=r"another database.*MINSHENG110_RECORDS__URL"):
        await follow(store, 0.3)


async def test_a_database_that_is_built_only_now(tmp_path: Path) -> None:
    """The first call ever: the system builds its tables when it writes the first event."""
    with closing(Store(f"sqlite:///{tmp_path}/later.sqlite3")) as store:
        assert placing._last_number(store) == 0
        follower = placing._Follower(store, 0, "ours@phone")
        following = asyncio.create_task(follower.follow(20.0, asyncio.Event()))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(store.upgrade)
        store.append([event("c-1", EventKind.STARTED, sip_call_id="ours@phone")])
        store.append([event("c-1", EventKind.ANSWERED, member="PJSIP/p101")])
        assert (await following).member == "PJSIP/p101"


async def test_a_database_that_stays_away_is_named(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path}/never.sqlite3")) as store:
        follower = placing._Follower(store, 0, "ours@phone")
        with pytest.raises(CallNotRecorded, match="unable to open database file"):
            await follower.follow(0.3, asyncio.Event())


async def test_the_limit_ends_the_wait_for_an_answer(store: Store) -> None:
    store.append([event("before", EventKind.STARTED)])
    follower = placing._Follower(store, store.last_number(), "ours@phone")
    store.append([event("c-1", EventKind.STARTED, sip_call_id="ours@phone")])
    story = await follower.follow(0.3, asyncio.Event())
    assert story.call_id == "c-1"
    assert not story.settled


async def test_nobody_listens(store: Store) -> None:
    address = ("127.0.0.1", free_ports(1)[0])
    with pytest.raises(ServerNotRunning, match=f"{address[0]}:{address[1]}.*ivr serve"):
        await place(address, store, Placing(b""))


def test_a_voice_is_a_law(tmp_path: Path) -> None:
    assert len(voice_of(PIPE)) == (PIPE.stat().st_size - 44) // 2
    raw = tmp_path / "voice.al"
    raw.write_bytes(b"\xd5" * 160)
    assert voice_of(raw) == b"\xd5" * 160


# -- on a running system -------------------------------------------------------------------------------------


async def told(system: System, *arguments: str) -> dict[str, object]:
    """`python -m ivr call … --json` as another process; the one JSON object that it prints."""
    process = await asyncio.create_subprocess_exec(
        *command("call", *arguments, "--json", config=system.config_file),
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, errors.decode()
    (line,) = out.decode().splitlines()
    story: dict[str, object] = json.loads(line)
    return story


@pytest.mark.telephony
async def test_a_call_from_the_command_line(system: System, tmp_path: Path) -> None:
    pipe = next(call for call in CALLS if call.key == "burst_pipe")
    assert pipe.location is not None
    place_file = tmp_path / "location.xml"
    place_file.write_bytes(document(pipe.location))
    async with phones(system) as at:
        story = await told(system, str(PIPE), "--from", "13900000001", "--pidf-lo", str(place_file))
        call = await at.minsheng.next_call(10)
    assert (story["route"], story["category"], story["queue"]) == ("minsheng", "water", "minsheng")
    assert story["member"] == "PJSIP/m201"
    assert "水管" in str(story["heard"])
    assert story["evidence"]
    assert "邵武" in str(story["location"])
    assert story["faults"] == []
    steps = story["steps_s"]
    assert isinstance(steps, dict)
    assert steps["started"] == 0
    assert steps["decided"] <= steps["queued"] <= steps["answered"] <= steps["ended"]
    assert call.invite.pidf_lo


@pytest.mark.telephony
async def test_a_key_and_what_the_caller_does_then(system: System) -> None:
    reached: list[bool] = []

    async def listen(caller: Caller) -> None:
        reached.append(caller.answered.is_set() and not caller.ended.is_set())

    with closing(Store(system.database_url)) as store:
        async with phones(system):
            story = await place(
                system.sip_address, store, Placing(b"", keys="1", number="13900000002"), listen
            )
    assert (story.route, story.reason, story.member) == ("police", "key", "PJSIP/p101")
    assert reached == [True]


@pytest.mark.telephony
async def test_the_system_keeps_its_records_elsewhere(system: System, tmp_path: Path) -> None:
    """One clear line, not a minute of silence and an empty table."""
    other = {"MINSHENG110_RECORDS__URL": f"sqlite:///{tmp_path}/other.sqlite3"}
    async with phones(system):
        done = await asyncio.to_thread(
            ivr, "call", str(VOICES / "robbery.wav"), "--json", config=system.config_file, more=other
        )
    error = one_line_error(done)
    assert "another database" in error
    assert len(error.splitlines()) == 1
