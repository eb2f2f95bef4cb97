from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from ivr.fastagi.errors import SessionClosed
from ivr.fastagi.server import LOOPBACK, FastAgiServer
from tests.ivr.fastagi.asterisk_side import AsteriskSide, environment_bytes, reset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivr.fastagi.session import AgiSession

    Start = Callable[..., FastAgiServer]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers on free ports; after the test no thread of theirs may be left."""
    servers: list[FastAgiServer] = []

    def make(handle: Callable[[AgiSession], None], **options: Any) -> FastAgiServer:
        server = FastAgiServer.bind("127.0.0.1", 0, handle, **options)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        assert server.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("fastagi")]


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as entries:
        yield entries  # type: ignore[misc]


def dial(server: FastAgiServer, **environment: str) -> socket.socket:
    sock = socket.create_connection(server.address, timeout=5)
    sock.sendall(environment_bytes(**environment))
    return sock


def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.005)


def closed_by_server(sock: socket.socket) -> bool:
    try:
        return sock.recv(1000) == b""
    except ConnectionError:
        return True


class TestSessions:
    def test_a_call_runs_its_script_and_is_let_go(self, start: Start) -> None:
        seen: list[tuple[str, str | None, str]] = []

        def handle(session: AgiSession) -> None:
            seen.append(
                (session.environment.script, session.get_variable("A"), threading.current_thread().name)
            )

        server = start(handle)
        with dial(server, network_script="110?x=1") as sock:
            side = AsteriskSide(sock)
            side.run()
            assert seen == [("110?x=1", "A", "fastagi-session")]
        until(lambda: server.sessions == 0)

    def test_calls_run_side_by_side(self, start: Start) -> None:
        together = threading.Barrier(20)
        server = start(lambda _session: together.wait(10) and None)
        socks = [dial(server) for _call in range(20)]
        assert all(closed_by_server(sock) for sock in socks)
        for sock in socks:
            sock.close()

    def test_delay_is_switched_off(self, start: Start) -> None:
        options: list[int] = []

        def handle(session: AgiSession) -> None:
            sock = session._lines._sock
            options.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            options.append(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

        with dial(start(handle)) as sock:
            assert closed_by_server(sock)
        assert all(options)
        assert len(options) == 2


class TestOneCallsFaultsStayItsOwn:
    def test_an_exception_in_a_script(self, start: Start, logged: list[dict[str, object]]) -> None:
        def handle(session: AgiSession) -> None:
            if session.environment.uniqueid == "bad":
                raise ZeroDivisionError
            session.get_variable("A")

        server = start(handle)
        with dial(server, uniqueid="bad") as sock:
            assert closed_by_server(sock)
        with dial(server, uniqueid="good") as sock:
            assert sock.recv(100) == b'GET VARIABLE "A"\n'
        entry = next(e for e in logged if e["event"] == "fastagi.handler_failed")
        assert entry["error"] == "ZeroDivisionError"
        assert entry["uniqueid"] == "bad"
        assert entry["channel"] == "PJSIP/carrier-00000001"
        assert entry["caller"] == "138****8000"
        assert "13800138000" not in str(logged)

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_a_script_that_exits(self, start: Start) -> None:
        def handle(session: AgiSession) -> None:
            raise SystemExit

        server = start(handle)
        for _call in range(2):
            with dial(server) as sock:
                assert closed_by_server(sock)
        until(lambda: server.sessions == 0)

    def test_a_caller_who_hangs_up_is_no_fault(self, start: Start, logged: list[dict[str, object]]) -> None:
        server = start(lambda session: session.set_variable("A", "x"))
        sock = dial(server)
        assert sock.recv(100) == b'SET VARIABLE "A" "x"\n'
        reset(sock)
        until(lambda: any(e["event"] == "fastagi.caller_gone" for e in logged))
        assert {e["log_level"] for e in logged} == {"info"}

    @pytest.mark.parametrize(
        "sent", [b"", b"agi_network: yes\n", b"GET / HTTP/1.1\r\n\r\n", b"\n", b"\xff\xfe\n"]
    )
    def test_what_is_no_call_is_closed_in_time_and_logged(
        self, start: Start, logged: list[dict[str, object]], sent: bytes
    ) -> None:
        called: list[AgiSession] = []
        server = start(called.append, deadline_s=0.1)
        with socket.create_connection(server.address, timeout=5) as sock:
            sock.sendall(sent)
            assert closed_by_server(sock)
        until(lambda: bool(logged))
        assert logged[0]["event"] == "fastagi.no_session"
        assert logged[0]["peer"] == "127.0.0.1"
        assert logged[0]["reason"]
        assert not called

    def test_a_connection_that_is_gone_at_once(self, start: Start) -> None:
        called = threading.Event()
        server = start(lambda _session: called.set())
        for _time in range(50):
            reset(socket.create_connection(server.address))
        with dial(server):
            assert called.wait(5)


class TestBounds:
    def test_a_call_too_many_goes_on_to_police_at_once(
        self, start: Start, logged: list[dict[str, object]]
    ) -> None:
        leave = threading.Event()
        server = start(lambda _session: leave.wait(10) and None, max_sessions=2)
        first, second = dial(server), dial(server)
        until(lambda: server.sessions == 2)
        with socket.create_connection(server.address, timeout=5) as third:
            assert closed_by_server(third)
        until(lambda: bool(logged))
        assert "2 sessions are open" in str(logged[0]["reason"])
        leave.set()
        assert closed_by_server(first)
        assert closed_by_server(second)
        until(lambda: server.sessions == 0)
        with dial(server) as fourth:
            assert closed_by_server(fourth)
        first.close()
        second.close()
        assert [e["event"] for e in logged] == ["fastagi.connection_refused"]

    def test_strangers_are_turned_away(self, start: Start, logged: list[dict[str, object]]) -> None:
        called: list[AgiSession] = []
        server = start(called.append, allowed=())
        with socket.create_connection(server.address, timeout=5) as sock:
            assert closed_by_server(sock)
        until(lambda: bool(logged))
        assert logged[0]["reason"] == "not among the allowed addresses"
        assert not called

    def test_loopback_in_ipv6s_clothes_is_loopback(self) -> None:
        server = FastAgiServer.bind("127.0.0.1", 0, lambda _session: None)
        assert server._refusal("::ffff:127.0.0.1") is None
        assert server._refusal("::1") is None
        assert server._refusal("fe80::1%eth0") is not None
        assert server._refusal("::ffff:192.0.2.1") is not None
        assert server.close()
        assert len(LOOPBACK) == 2

    def test_only_tcp_sockets_are_taken(self) -> None:
        with (
            socket.socket(socket.AF_UNIX) as unix,
            pytest.raises(ValueError, match="AF_INET"),
        ):
            FastAgiServer(unix, lambda _session: None)

    def test_it_lives_through_a_lack_of_descriptors(
        self, start: Start, logged: list[dict[str, object]]
    ) -> None:
        called = threading.Event()
        server = start(lambda _session: called.set())
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as sock, contextlib.ExitStack() as taken:
            taken.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[0], 256), limits[1]))
            with contextlib.suppress(OSError):
                while True:
                    taken.callback(os.close, os.open(os.devnull, os.O_RDONLY))
            sock.connect(server.address)
            sock.sendall(environment_bytes())
            until(lambda: bool(logged))
            taken.close()
            assert called.wait(5)
        assert logged[0]["event"] == "fastagi.accept_failed"


class TestClose:
    def test_scripts_are_woken_and_end(self, start: Start, logged: list[dict[str, object]]) -> None:
        caught: list[BaseException] = []

        def handle(session: AgiSession) -> None:
            try:
                session.execute("TryExec", "AudioSocket(x)")
            except SessionClosed as error:
                caught.append(error)
                raise

        server = start(handle)
        socks = [dial(server) for _call in range(5)]
        for sock in socks:
            assert sock.recv(100).startswith(b"EXEC TryExec")
        began = time.monotonic()
        assert server.close(5)
        assert time.monotonic() - began < 4
        assert len(caught) == 5
        assert server.sessions == 0
        for sock in socks:
            assert closed_by_server(sock)
            sock.close()
        assert {e["event"] for e in logged} == {"fastagi.session_closed_by_server"}

    def test_so_are_those_that_are_still_without_environment(self, start: Start) -> None:
        server = start(lambda _session: None, deadline_s=30.0)
        with socket.create_connection(server.address, timeout=5) as sock:
            until(lambda: server.sessions == 1)
            assert server.close(5)
            assert closed_by_server(sock)

    def test_nobody_can_call_after_it(self, start: Start) -> None:
        server = start(lambda _session: None)
        address = server.address
        assert server.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)

    def test_twice_is_once(self, start: Start) -> None:
        server = start(lambda _session: None)
        assert server.close()
        assert server.close()

    def test_without_a_start(self) -> None:
        assert FastAgiServer.bind("127.0.0.1", 0, lambda _session: None).close()

    def test_a_script_stuck_elsewhere_is_reported(
        self, start: Start, logged: list[dict[str, object]]
    ) -> None:
        leave = threading.Event()
        server = start(lambda _session: leave.wait(30) and None)
        with dial(server):
            until(lambda: server.sessions == 1)
            assert not server.close(0.1)
            assert logged[-1]["event"] == "fastagi.threads_stuck"
            leave.set()
            until(lambda: server.sessions == 0)

    def test_from_a_script(self, start: Start) -> None:
        done = threading.Event()

        def handle(_session: AgiSession) -> None:
            server.close()
            done.set()

        server = start(handle)
        with dial(server):
            assert done.wait(5)
        until(lambda: server.sessions == 0)


class TestGivenSocket:
    def test_a_given_socket_stays_open_and_the_next_server_goes_on(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            first = FastAgiServer(listening, lambda _session: None)
            first.start()
            with dial(first) as sock:
                assert closed_by_server(sock)
            assert first.close()
            waiting = dial(first)  # between the servers: the kernel takes the call
            second = FastAgiServer(listening, lambda session: session.set_variable("WHO", "second"))
            second.start()
            assert b"second" in waiting.recv(100)
            waiting.close()
            assert second.close()
            assert listening.fileno() != -1

    def test_a_killed_child_leaves_the_port_open_for_the_next(self) -> None:
        child = (
            "import socket, sys, threading\n"
            "from ivr.fastagi.server import FastAgiServer\n"
            "listening = socket.socket(fileno=int(sys.argv[1]))\n"
            "server = FastAgiServer(listening, lambda s: s.set_variable('WHO', sys.argv[2]))\n"
            "server.start()\n"
            "print('ready', flush=True)\n"
            "threading.Event().wait()\n"
        )
        with socket.create_server(("127.0.0.1", 0)) as listening:
            for name in ("first", "second"):
                descriptor = listening.fileno()
                command = [sys.executable, "-c", child, str(descriptor), name]
                with subprocess.Popen(command, pass_fds=[descriptor], stdout=subprocess.PIPE) as process:
                    assert process.stdout is not None
                    assert process.stdout.readline() == b"ready\n"
                    with socket.create_connection(listening.getsockname(), timeout=10) as sock:
                        sock.sendall(environment_bytes())
                        assert name.encode() in sock.recv(100)
                    process.kill()
