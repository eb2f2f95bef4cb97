from __future__ import annotations

import asyncio
import gc
import ipaddress
import socket
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest
import structlog
from structlog.testing import capture_logs

from ivr.audiosocket.errors import AlreadyExpected, NoCapacity, ServerClosed
from ivr.audiosocket.frames import FRAME_BYTES, Audio, HungUp
from ivr.audiosocket.server import AudioSocketServer
from ivr.audiosocket.session import AudioSession
from tests.ivr.audiosocket.asterisk_peer import TONE, AsteriskPeer, frame

Join = Callable[..., Awaitable[tuple[AsteriskPeer, AudioSession]]]


def warnings(logs: Sequence[Mapping[str, object]]) -> list[object]:
    return [line["event"] for line in logs if line["log_level"] in ("warning", "error")]


async def test_an_expected_call_gets_its_session(server: AudioSocketServer, port: int) -> None:
    call = uuid.uuid4()
    expected = server.expect(call)
    peer = await AsteriskPeer.connect(port, call)
    session = await expected
    assert session.call == call
    assert server.talking == 1
    await session.close()
    assert server.talking == 0
    await peer.close()


async def test_nagle_is_off_towards_asterisk(server: AudioSocketServer, join: Join) -> None:
    _, session = await join()
    transport = session._connection._transport
    assert transport is not None
    sock = transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_a_split_uuid_frame_is_waited_for(server: AudioSocketServer, port: int) -> None:
    call = uuid.uuid4()
    expected = server.expect(call)
    peer = await AsteriskPeer.connect(port)
    for byte in frame(0x01, call.bytes):
        peer.send(bytes((byte,)))
        await asyncio.sleep(0)
    assert (await expected).call == call
    await peer.close()


async def test_an_unknown_call_is_closed_with_one_log_line(
    server: AudioSocketServer, port: int, join: Join
) -> None:
    other, session = await join()
    stranger_call = uuid.uuid4()
    with capture_logs() as logs:
        stranger = await AsteriskPeer.connect(port, stranger_call)
        await stranger.gone()
    assert stranger.audio == []
    assert [(line["event"], line["stream"]) for line in logs] == [
        ("audiosocket.unexpected_call", str(stranger_call))
    ]
    other.say()
    assert await anext(session) == Audio(TONE), "another call is not affected"
    await stranger.close()


async def test_nobody_is_a_call_twice(server: AudioSocketServer, port: int) -> None:
    call = uuid.uuid4()
    expected = server.expect(call)
    first = await AsteriskPeer.connect(port, call)
    session = await expected
    with capture_logs() as logs:
        second = await AsteriskPeer.connect(port, call)
        await second.gone()
    assert warnings(logs) == ["audiosocket.unexpected_call"]
    assert not session.ended
    with pytest.raises(AlreadyExpected, match=str(call)):
        server.expect(call)
    await first.close()
    await second.close()


async def test_no_uuid_within_the_deadline(server: AudioSocketServer, port: int) -> None:
    with capture_logs() as logs:
        peer = await AsteriskPeer.connect(port)
        await peer.gone()
    assert warnings(logs) == ["audiosocket.no_uuid"]
    await peer.close()


@pytest.mark.parametrize("said", [frame(0x10, TONE), b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 5000])
async def test_wrong_first_bytes(server: AudioSocketServer, port: int, said: bytes) -> None:
    with capture_logs() as logs:
        peer = await AsteriskPeer.connect(port)
        peer.send(said)
        await peer.gone()
    assert warnings(logs) == ["audiosocket.wrong_frame"]
    await peer.close()


async def test_a_probe_of_the_port_is_no_warning(server: AudioSocketServer, port: int) -> None:
    with capture_logs() as logs:
        peer = await AsteriskPeer.connect(port, reads=False)
        await peer.close()
        expected = server.expect(call := uuid.uuid4())
        after = await AsteriskPeer.connect(port, call)
        await expected
    assert warnings(logs) == []
    await after.close()


async def test_leaving_in_the_middle_of_the_uuid_is_one(server: AudioSocketServer, port: int) -> None:
    with capture_logs() as logs:
        peer = await AsteriskPeer.connect(port)
        peer.send(b"\x01\x00\x10half")
        peer.writer.write_eof()
        await peer.gone()
    assert warnings(logs) == ["audiosocket.left_before_uuid"]
    await peer.close()


async def test_peers_from_elsewhere_are_refused(listener: socket.socket, port: int) -> None:
    only_asterisk = [ipaddress.ip_network("192.0.2.0/24")]
    async with AudioSocketServer(listener, max_sessions=2, peers=only_asterisk) as server:
        call = uuid.uuid4()
        expected = server.expect(call)
        with capture_logs() as logs:
            peer = await AsteriskPeer.connect(port, call)
            await peer.gone()
        assert warnings(logs) == ["audiosocket.stranger"]
        assert not expected.done()
        expected.cancel()
        await peer.close()


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("not an address", False),
    ],
)
def test_who_is_on_this_machine(listener: socket.socket, address: str, allowed: bool) -> None:  # noqa: FBT001 - a table
    assert AudioSocketServer(listener, max_sessions=1)._is_peer(address) is allowed


async def test_no_more_calls_than_there_is_room_for(listener: socket.socket, port: int) -> None:
    async with AudioSocketServer(listener, max_sessions=2) as server:
        call = uuid.uuid4()
        first = server.expect(call)
        second = server.expect(uuid.uuid4())
        peer = await AsteriskPeer.connect(port, call)
        session = await first
        with pytest.raises(NoCapacity, match="2 calls"):
            server.expect(uuid.uuid4())
        second.cancel()
        await asyncio.sleep(0)
        third = server.expect(uuid.uuid4())
        third.cancel()
        await session.close()
        await peer.close()


async def test_connections_without_a_call_cannot_pile_up(listener: socket.socket, port: int) -> None:
    async with AudioSocketServer(listener, max_sessions=2, identify_timeout_s=30) as server:
        silent = [await AsteriskPeer.connect(port) for _ in range(2)]
        with capture_logs() as logs:
            third = await AsteriskPeer.connect(port)
            await third.gone()
        assert warnings(logs) == ["audiosocket.too_many_waiting"]
        assert not any(peer.ended.is_set() for peer in silent)
        assert server.talking == 0
        for peer in (*silent, third):
            await peer.close()


async def test_a_call_expected_no_longer_is_unknown(server: AudioSocketServer, port: int) -> None:
    call = uuid.uuid4()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(server.expect(call), 0.01)
    with capture_logs() as logs:
        peer = await AsteriskPeer.connect(port, call)
        await peer.gone()
    assert warnings(logs) == ["audiosocket.unexpected_call"]
    server.expect(call).cancel()
    await peer.close()


async def test_one_call_cut_by_reset_leaves_the_others(server: AudioSocketServer, join: Join) -> None:
    calls = [await join() for _ in range(3)]
    calls[0][0].reset()
    assert await anext(calls[0][1]) == HungUp()
    for peer, session in calls[1:]:
        peer.say()
        assert await anext(session) == Audio(TONE)
        before = len(peer.audio)
        assert len(await peer.frames(before + 3)) == before + 3


async def test_a_hundred_calls_each_hear_their_own_prompt(listener: socket.socket, port: int) -> None:
    def voice(number: int) -> bytes:
        return (number + 1).to_bytes(2, "little") * 160

    async def call(server: AudioSocketServer, number: int) -> None:
        expected = server.expect(uuid.UUID(int=number))
        peer = await AsteriskPeer.connect(port, uuid.UUID(int=number))
        session = await expected
        for _ in range(10):
            peer.say(voice(number))
        assert await session.play(voice(number) * 10) is True
        assert [await anext(session) for _ in range(10)] == [Audio(voice(number))] * 10
        await session.close()
        await peer.gone()
        assert [pcm for pcm in peer.audio if pcm != bytes(FRAME_BYTES)] == [voice(number)] * 10
        assert peer.hung_up
        await peer.close()

    async with AudioSocketServer(listener, max_sessions=100) as server:
        async with asyncio.TaskGroup() as calls:
            for number in range(100):
                calls.create_task(call(server, number))
        assert server.talking == 0


async def test_close_hangs_up_everybody_and_leaves_nothing_behind(listener: socket.socket, port: int) -> None:
    before = asyncio.all_tasks()
    server = AudioSocketServer(listener, max_sessions=4)
    await server.start()
    expected = server.expect(call := uuid.uuid4())
    peer = await AsteriskPeer.connect(port, call)
    session = await expected
    nameless = await AsteriskPeer.connect(port)
    never_came = server.expect(uuid.uuid4())
    await peer.frames(1)
    await server.close()
    await peer.gone()
    await nameless.gone()
    assert peer.hung_up
    assert session.ended
    assert [event async for event in session] == []
    with pytest.raises(ServerClosed):
        await never_came
    assert not server._ticker.running
    assert server._connections == set()
    with pytest.raises(ServerClosed):
        server.expect(uuid.uuid4())
    await server.close()
    await peer.close()
    await nameless.close()
    assert asyncio.all_tasks() == before


async def test_nobody_need_wait_for_a_call_that_never_comes(listener: socket.socket) -> None:
    """The end of the server must not leave "exception was never retrieved" behind."""
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with AudioSocketServer(listener, max_sessions=1) as server:
        server.expect(uuid.uuid4())
    await asyncio.sleep(0)  # the future is forgotten by a callback of its own
    gc.collect()
    assert complaints == []


async def test_a_call_cut_by_reset_ticks_no_more(server: AudioSocketServer, join: Join) -> None:
    peer, session = await join()
    peer.reset()
    assert await anext(session) == HungUp()
    await session.close()
    assert not server._ticker.running


async def test_the_parents_socket_outlives_the_server(listener: socket.socket, port: int) -> None:
    """The parent holds the port: while the node restarts, Asterisk's connections wait and are not refused."""
    inherited = socket.socket(fileno=listener.dup().detach())
    async with AudioSocketServer(inherited, max_sessions=1):
        pass
    _, waiting = await asyncio.open_connection("127.0.0.1", port)
    again = socket.socket(fileno=listener.dup().detach())
    async with AudioSocketServer(again, max_sessions=1) as server:
        expected = server.expect(call := uuid.uuid4())
        waiting.write(frame(0x01, call.bytes))
        session = await expected
        await session.close()
    waiting.close()


async def test_the_ended_call_is_one_log_line(server: AudioSocketServer, join: Join) -> None:
    with capture_logs() as logs:
        peer, session = await join()
        peer.say()
        await anext(session)
        await peer.frames(2)
        await session.close()
    (line,) = [line for line in logs if line["event"] == "audiosocket.ended"]
    assert line["stream"] == str(session.call)
    assert line["bytes_received"] == 19 + 323
    assert line["frames_sent"] >= 2
    assert line["events_lost"] == 0


async def test_log_lines_carry_the_context_in_which_the_call_was_announced(
    server: AudioSocketServer, port: int
) -> None:
    """So that one call's whole story is one search in the log."""
    call = uuid.uuid4()
    with structlog.contextvars.bound_contextvars(call_id="1700000000.7"):
        expected = server.expect(call)
    with capture_logs() as logs:
        peer = await AsteriskPeer.connect(port, call)
        session = await expected
        peer.send(b"\x77\x00\x00")
        await peer.gone()
        await session.close()
    assert {line["event"]: line["call_id"] for line in logs} == {
        "audiosocket.wrong_frame": "1700000000.7",
        "audiosocket.ended": "1700000000.7",
    }
    await peer.close()
