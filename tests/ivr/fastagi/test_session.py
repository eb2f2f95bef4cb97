from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from ivr.fastagi.errors import (
    AgiProtocolError,
    AgiTimeout,
    AppFailed,
    ArgumentRefused,
    CallerGone,
    SessionClosed,
)
from ivr.fastagi.session import AgiSession
from tests.ivr.fastagi.asterisk_side import AsteriskSide, echoed, environment_bytes

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Pair = tuple[socket.socket, socket.socket]
    Open = Callable[..., tuple[AgiSession, AsteriskSide]]


class TestEnvironment:
    def test_it_is_read_at_once(self, open_session: Open) -> None:
        session, _side = open_session(callerid="13912345678")
        assert session.environment.caller_number == "13912345678"

    @pytest.mark.parametrize("sent", [b"", b"agi_network: yes\n", b"agi_network: yes"])
    def test_a_half_open_connection_costs_the_deadline_and_no_more(self, pair: Pair, sent: bytes) -> None:
        pair[1].sendall(sent)
        with pytest.raises(AgiTimeout, match=r"no whole AGI environment within 0\.1 s"):
            AgiSession(pair[0], deadline_s=0.1)

    def test_the_deadline_is_for_the_whole_environment(self, pair: Pair) -> None:
        stop = threading.Event()

        def trickle() -> None:
            for number in range(90):
                pair[1].sendall(f"agi_arg_{number}: x\n".encode())
                if stop.wait(0.05):
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        began = time.monotonic()
        with pytest.raises(AgiTimeout, match="lines came"):
            AgiSession(pair[0], deadline_s=0.3)
        stop.set()
        thread.join()
        assert time.monotonic() - began < 3

    def test_an_endless_environment_is_refused(self, pair: Pair) -> None:
        pair[1].sendall(b"".join(b"agi_arg_%d: x\n" % number for number in range(200)))
        with pytest.raises(AgiProtocolError, match="more than 100 lines"):
            AgiSession(pair[0])

    def test_what_speaks_another_protocol_is_refused(self, pair: Pair) -> None:
        pair[1].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(AgiProtocolError, match="line 1"):
            AgiSession(pair[0])

    def test_a_name_in_another_encoding_does_not_cost_the_call(self, pair: Pair) -> None:
        pair[1].sendall(environment_bytes().replace("张三".encode(), "张三".encode("gbk")))
        assert "\N{REPLACEMENT CHARACTER}" in AgiSession(pair[0]).environment.caller_name

    def test_a_connection_closed_before_it(self, pair: Pair) -> None:
        pair[1].close()
        with pytest.raises(CallerGone):
            AgiSession(pair[0])


class TestVariables:
    def test_set_and_get(self, open_session: Open) -> None:
        session, side = open_session()
        session.set_variable("__CALL_ID", "0a1b")
        assert session.get_variable("CALL_ID") == "CALL_ID"
        assert session.get_full_variable("${CALLERID(num)}") == "${CALLERID(num)}"
        assert side.commands[0] == 'SET VARIABLE "__CALL_ID" "0a1b"'

    def test_one_that_is_not_set(self, open_session: Open) -> None:
        session, _side = open_session(lambda _command: b"200 result=0\n")
        assert session.get_variable("NOPE") is None

    def test_one_that_is_empty(self, open_session: Open) -> None:
        session, _side = open_session(
            lambda command: b"200 result=1 ()\n" if command.startswith("GET VARIABLE") else echoed(command)
        )
        assert session.get_variable("EMPTY") == ""

    @pytest.mark.parametrize("name", ['A"', "A\nEXEC Hangup", "${A}", ""])
    def test_names_are_checked_before_anything_is_sent(self, open_session: Open, name: str) -> None:
        session, side = open_session()
        with pytest.raises(ArgumentRefused):
            session.get_variable(name)
        with pytest.raises(ArgumentRefused):
            session.set_variable(name, "x")
        assert side.commands == []

    def test_a_value_that_asterisk_may_have_cut_is_read_again_in_full(self, open_session: Open) -> None:
        whole = "民" * 500

        def answer(command: str) -> bytes | None:
            if command == 'GET VARIABLE "V"':
                return b"200 result=1 (" + whole.encode()[:1023] + b")\n"
            return (
                f"200 result=1 ({whole})\n".encode()
                if command == 'GET FULL VARIABLE "${V}"'
                else echoed(command)
            )

        session, _side = open_session(answer)
        assert session.get_variable("V") == whole


class TestExecute:
    def test_an_application_and_its_arguments(self, open_session: Open) -> None:
        session, side = open_session()
        assert session.execute("TryExec", "AudioSocket(u-1,127.0.0.1:9092)") == "0"
        assert session.execute("Queue", "police", "tcC", "", "", "60") == "0"
        assert side.commands == [
            'EXEC TryExec "AudioSocket(u-1,127.0.0.1:9092)"',
            'EXEC Queue "police,tcC,,,60"',
        ]

    def test_it_waits_longer_than_the_deadline(self, open_session: Open, pair: Pair) -> None:
        session, _side = open_session(lambda _command: None, deadline_s=0.05)
        threading.Timer(0.3, pair[1].sendall, (b"200 result=0\n",)).start()
        assert session.execute("Wait", "1") == "0"

    def test_with_a_time_limit_of_its_own(self, open_session: Open) -> None:
        session, _side = open_session(lambda _command: None)
        with pytest.raises(AgiTimeout):
            session.execute("Wait", "60", timeout_s=0.1)
        with pytest.raises(AgiTimeout):
            session.set_variable("A", "the application may still run")

    def test_an_application_that_is_not_there(self, open_session: Open) -> None:
        session, _side = open_session(lambda _command: b"200 result=-2\n")
        with pytest.raises(AppFailed, match="NoSuchApp is not loaded") as caught:
            session.execute("NoSuchApp")
        assert (caught.value.application, caught.value.result) == ("NoSuchApp", "-2")

    def test_one_that_fails(self, open_session: Open) -> None:
        session, _side = open_session(lambda _command: b"200 result=-1\n")
        with pytest.raises(AppFailed, match="AudioSocket failed"):
            session.execute("AudioSocket", "x")

    def test_a_caller_who_hangs_up_during_it(self, open_session: Open) -> None:
        session, _side = open_session(lambda _command: b"HANGUP\n200 result=-1\n")
        with pytest.raises(CallerGone, match="during AudioSocket"):
            session.execute("AudioSocket", "x")
        assert session.hung_up

    def test_nothing_is_run_for_a_caller_who_is_gone(self, open_session: Open, pair: Pair) -> None:
        session, side = open_session()
        pair[1].sendall(b"HANGUP\n")
        while not session.hung_up:
            pass
        with pytest.raises(CallerGone, match="before Queue"):
            session.execute("Queue", "police")
        session.set_variable("STILL", "works")
        assert side.commands == ['SET VARIABLE "STILL" "works"']

    def test_names_are_checked(self, open_session: Open) -> None:
        session, side = open_session()
        with pytest.raises(ArgumentRefused):
            session.execute("Queue police")
        assert side.commands == []

    def test_a_line_end_in_an_argument_starts_no_command(self, open_session: Open) -> None:
        session, side = open_session()
        session.execute("NoOp", "a\nEXEC Hangup")
        assert side.commands == ['EXEC NoOp "a EXEC Hangup"']


class TestVerbose:
    def test_long_texts_are_cut(self, open_session: Open) -> None:
        session, side = open_session()
        session.verbose("民" * 2000, 3)
        assert len(side.commands[0].encode()) < 1100
        assert side.commands[0].endswith('…" 3')


class TestEnd:
    def test_leaving_closes(self, open_session: Open, pair: Pair) -> None:
        session, _side = open_session()
        with session as same:
            assert same is session
        assert pair[0].fileno() == -1

    def test_abort_wakes_an_application_that_runs(self, open_session: Open) -> None:
        session, _side = open_session(lambda _command: None)
        threading.Timer(0.1, session.abort).start()
        with pytest.raises(SessionClosed):
            session.execute("Wait", "60")

    def test_asterisk_dies_while_an_application_runs(self, open_session: Open) -> None:
        session, side = open_session(lambda _command: None)
        threading.Timer(0.1, side.end).start()
        with pytest.raises(CallerGone):
            session.execute("Wait", "60")
