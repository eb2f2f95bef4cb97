"""Hostile input from every side: a clear line in the log, nothing else. The next caller is served as ever."""

from __future__ import annotations

import asyncio
import re
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.telephony.system import System, phones, press_when_greeted, voice

CIVIC = (
    '<dm:device xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" id="d">'
    '<gp:geopriv xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"><gp:location-info>'
    '<ca:civicAddress xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr">{road}</ca:civicAddress>'
    "</gp:location-info><gp:usage-rules/></gp:geopriv></dm:device>"
)
PRESENCE = '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="pres:a@b">{device}</presence>'


def document(road: str, prologue: str = "") -> bytes:
    device = CIVIC.format(road=f"<ca:RD>{road}</ca:RD>")
    return f'<?xml version="1.0" encoding="UTF-8"?>{prologue}{PRESENCE.format(device=device)}'.encode()


LARGEST_INVITE = 65_536
EVIL = "${SET(GLOBAL(FASTAGI_URL)=agi://127.0.0.1:4573)}"
BOMB = '<!DOCTYPE a [<!ENTITY b "haha"><!ENTITY c "' + "&b;" * 50 + '"><!ENTITY d "' + "&c;" * 50 + '">]>'
LOCATIONS = {
    "broken": b'<?xml version="1.0"?><presence><dm:device>',
    "not xml": b"\xff\xfe\x00 hello",
    "empty": b"",
    "huge": document("路" * 15_000),
    "bomb": document("&d;", BOMB),
    "file": document("&f;", '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]>'),
    "quotes": document("&quot;,HNO=&quot;1&#13;&#10;X-Evil: yes${SHELL(id)}"),
    "leaves the function": document(f"x):{EVIL}"),
    "behind 4096 bytes": document("x" * 5000 + EVIL),
    "device": document("五一路").replace(
        b"</dm:device>", f"<dm:deviceID>{EVIL}</dm:deviceID></dm:device>".encode()
    ),
}
NAMES = {
    "quotes": 'a"b\\',
    "expression": "${SHELL(touch /tmp/owned)}",
    "variables": "TRIAGE_ROUTE=minsheng",
    "markup": "<script>alert(1)</script>",
    "long": "名" * 1500,
    "separators": "x\u2028Event: Hangup\u2028\u0085",
}


@pytest.fixture
async def serves_on(system: System) -> AsyncIterator[None]:
    """After the test an ordinary call still finds its way, and the node is the same as before."""
    node = system.node_pid()
    sound = voice("你好，我家的水管爆裂了，请派人来修一下", "m7")
    yield
    assert system.node_pid() == node
    async with phones(system) as at, at.caller(system) as caller:
        await caller.dial("110")
        await caller.speak(sound)
        story = await system.story(caller, lambda s: s.member is not None)
        assert story.queue == "minsheng"
        assert at.minsheng.calls


@pytest.mark.usefixtures("serves_on")
@pytest.mark.parametrize("what", LOCATIONS)
async def test_hostile_location(system: System, what: str) -> None:
    """The call goes on without it; no file of ours, no entity and no header of the caller's making comes out."""
    async with phones(system) as at, at.caller(system, pidf_lo=LOCATIONS[what]) as caller:
        await caller.dial("110", timeout_s=10)
        await press_when_greeted(caller, "1")
        call = await at.police.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert story.route == "police"
        seen = repr(call.invite.request) + str(story.location)
        assert socket.gethostname() not in seen.replace("127.0.0.1", "")
        assert len(seen) < LARGEST_INVITE
        assert not call.invite.header("X-Evil")
        assert f"FASTAGI_URL=agi://127.0.0.1:{system.config['asterisk']['fastagi_port']}" in (
            system.asterisk("dialplan show globals")
        )


@pytest.mark.usefixtures("serves_on")
@pytest.mark.parametrize("what", NAMES)
async def test_hostile_caller_name(system: System, what: str) -> None:
    async with phones(system) as at, at.caller(system, display_name=NAMES[what]) as caller:
        await caller.dial("110")
        await press_when_greeted(caller, "1")
        call = await at.police.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert (story.route, story.reason) == ("police", "key")
        assert NAMES[what] not in call.invite.display_name, (
            "a dispatcher's phone shows what we say, not the caller"
        )


@pytest.mark.usefixtures("serves_on")
@pytest.mark.parametrize(
    "number",
    [
        "",
        "anonymous",
        "138'; DROP TABLE calls;--",
        "+86 138 0013 8000",
        "${CALLERID(all)}",
        "1" * 200,
        "1\n6.6\r2",
    ],
)
async def test_hostile_caller_number(system: System, number: str) -> None:
    safe = "".join(c if c.isalnum() or c in "+-_.!~*'()$;" else f"%{ord(c):02X}" for c in number)
    async with phones(system) as at, at.caller(system, number=safe or "unknown") as caller:
        await caller.dial("110")
        await press_when_greeted(caller, "1")
        await at.police.next_call(20)
        story = await system.story(caller, lambda s: s.member is not None)
        assert story.route == "police"
    queue_log = system.folder / "var" / "asterisk" / "log" / "queue_log"
    lines = queue_log.read_text(encoding="utf-8", errors="replace").split("\n")
    assert all(re.match(r"[0-9]+\|", line) for line in lines if line), "a number that makes a line of its own"


@pytest.mark.usefixtures("serves_on")
async def test_wrong_frames_on_the_audiosocket_port(system: System) -> None:
    port = system.config["asterisk"]["audiosocket_port"]
    since = len(system.log())
    for frames in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x01\x00\x10" + uuid.uuid4().bytes,  # a call that nobody expects
        b"\x10\xff\xff" + bytes(65535),
        b"\x01\x00\x11" + bytes(17),
        bytes(1),
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as intruder:
            with suppress(OSError):  # it may have been cut off already
                intruder.sendall(frames)
                intruder.shutdown(socket.SHUT_WR)
            assert await asyncio.to_thread(_reads_end, intruder)
    await asyncio.to_thread(system.wait_for_log, "audiosocket.unexpected_call", since=since)


def _reads_end(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.usefixtures("serves_on")
async def test_half_open_and_lying_fastagi_connections(system: System) -> None:
    port = system.config["asterisk"]["fastagi_port"]
    since = len(system.log())
    silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(20)]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as liar:
            liar.sendall(b"agi_channel: x\nagi_channel: y\nagi_uniqueid: 1\n\n")
            assert await asyncio.to_thread(_reads_end, liar)
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as flood,
            pytest.raises(ConnectionError),
        ):
            await asyncio.to_thread(_flood, flood)
        for connection in silent:
            assert await asyncio.to_thread(_reads_end, connection), "closed when no environment came in time"
    finally:
        for connection in silent:
            connection.close()
    await asyncio.to_thread(system.wait_for_log, "fastagi.no_session", since=since)


def _flood(connection: socket.socket) -> None:
    for _ in range(2000):
        connection.sendall(b"a" * 65536)
