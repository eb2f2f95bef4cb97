"""The whole way: a real Asterisk, its AGI() in a dialplan, our server and sessions. Calls come over Local channels."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ivr.ami.client import AmiClient
from ivr.fastagi.commands import MAX_COMMAND_BYTES
from ivr.fastagi.errors import AgiTimeout, AppFailed, ArgumentRefused, CallerGone
from ivr.fastagi.server import FastAgiServer
from tests.asterisk_instance import ROOT, asterisk_factory, asterisk_install, reachable_tmp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivr.fastagi.session import AgiSession
    from tests.asterisk_instance import AsteriskFactory, AsteriskInstance

__all__ = ["asterisk_factory", "asterisk_install", "reachable_tmp"]

pytestmark = pytest.mark.telephony

DIALPLAN = """
[agi-test]
exten => _X.,1,Answer()
 same => n,Set(AGIEXITONHANGUP=yes)
 same => n,AGI(${FASTAGI_URL}/${EXTEN},one,two words)
 same => n,NoOp(after ${EXTEN} route=${TRIAGE_ROUTE} status=${AGISTATUS})
 same => n,NoOp(after ${EXTEN} injected=${INJECTED})
 same => n,Hangup()
exten => _D.,1,Answer()
 same => n,AGI(${FASTAGI_URL}/${EXTEN})
exten => h,1,NoOp(hung up)

[agi-test-caller]
exten => s,1,Wait(60)
exten => short,1,Wait(0.3)
"""


class Calls:
    """Places calls into the dialplan above."""

    def __init__(self, instance: AsteriskInstance, ami: AmiClient) -> None:
        self.instance = instance
        self._ami = ami

    def place(self, extension: str, caller: str = "s") -> None:
        self._ami.action(
            "Originate",
            Channel=f"Local/{extension}@agi-test/n",
            Context="agi-test-caller",
            Exten=caller,
            Priority=1,
            CallerID='"李 \\"四" <13800138000>',
            Async="true",
        )


@pytest.fixture
def calls(
    asterisk_factory: AsteriskFactory,
    reachable_tmp: Path,
) -> Iterator[Calls]:
    dialplans = reachable_tmp / "dialplans"
    shutil.copytree(ROOT / "dialplans", dialplans)
    (dialplans / "zz-agi-test.conf").write_text(DIALPLAN, encoding="utf-8")
    instance = asterisk_factory(dialplans=dialplans)
    settings = instance.settings
    secret = instance.layout.ami_secret(settings.ami_secret).get_secret_value()
    connected = threading.Event()
    ami = AmiClient(
        "127.0.0.1",
        settings.ami_port,
        settings.ami_user,
        secret,
        lambda _event: None,
        lambda _up: connected.set(),
    )
    ami.start()
    assert connected.wait(10)
    yield Calls(instance, ami)
    ami.close()


@pytest.fixture
def serve(calls: Calls) -> Iterator[Callable[..., FastAgiServer]]:
    servers: list[FastAgiServer] = []

    def make(handle: Callable[[AgiSession], None], **options: Any) -> FastAgiServer:
        server = FastAgiServer.bind("127.0.0.1", calls.instance.settings.fastagi_port, handle, **options)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        assert server.close()


def test_values_come_back_as_they_were(calls: Calls, serve: Callable[..., FastAgiServer]) -> None:
    found: dict[str, object] = {}
    values = [
        'say "hi" \\ there',
        "hangup",
        "HANGUP",
        "你好，朝阳区 ${EXTEN} $[1+1]",
        ") result=0 (",
        "\\",
        '"',
        "tab\there",
        " blanks ",
        "",
        ";a,b|c",
        "民" * 600,
    ]
    done = threading.Event()

    def handle(session: AgiSession) -> None:
        found["call"] = session.environment
        for value in values:
            session.set_variable("V", value)
            found[value] = session.get_variable("V")
        session.set_variable("V", "a\nEXEC Hangup\r\n\0b")
        found["broken"] = session.get_variable("V")
        session.set_variable("ENCODED", "a%0A200 result=1 (evil)%0AHANGUP%0A)%0Ab")
        found["lines"] = session.get_full_variable("${URIDECODE(${ENCODED})}")
        found["unset"] = session.get_variable("NEVER_SET")
        session.set_variable("TIMEOUT(absolute)", "30")
        session.set_variable("GROUP(line)", "police")
        found["lines held"] = session.get_variable("GROUP_COUNT(police@line)")
        found["gone"] = session.hung_up
        session.set_variable("TRIAGE_ROUTE", "minsheng")
        done.set()

    serve(handle)
    calls.place("100")
    assert done.wait(20)
    assert {value: found[value] for value in values} == {value: value for value in values}
    assert found["broken"] == "a EXEC Hangup b"
    assert found["lines"] == "a\n200 result=1 (evil)\nHANGUP\n)\nb"
    assert found["unset"] is None
    assert found["lines held"] == "1"
    assert found["gone"] is False
    calls.instance.wait_for_message("after 100 route=minsheng")
    call = found["call"]
    assert (call.caller_number, call.caller_name) == ("13800138000", '李 "四')  # type: ignore[attr-defined]
    assert call.arguments == ("one", "two words")  # type: ignore[attr-defined]
    assert (call.script, call.extension, call.context) == ("100", "100", "agi-test")  # type: ignore[attr-defined]


def test_a_command_longer_than_asterisk_reads_would_inject_another(
    calls: Calls, serve: Callable[..., FastAgiServer]
) -> None:
    begin = b'SET VARIABLE "SAID" "'
    filling = "x" * (8191 - len(begin))  # what Asterisk 22.10 reads of a command
    hostile = filling + 'SET VARIABLE "INJECTED" "yes"'

    def handle(session: AgiSession) -> None:
        if session.environment.script == "101":  # as pyst2 would send it
            session._lines.write(begin + hostile.encode() + b"\n", 2)
            session._lines.read_line(2)
            session._lines.write(b"NOOP\n", 2)  # Asterisk looks at what is left over when more comes
            session._lines.read_line(2)
            return
        with pytest.raises(ArgumentRefused):
            session.set_variable("SAID", hostile)
        longest = "x" * (MAX_COMMAND_BYTES - len(b'SET VARIABLE "SAID" ""\n'))
        session.set_variable("SAID", longest)
        if session.get_variable("SAID") == longest and session.get_variable("INJECTED") is None:
            session.set_variable("INJECTED", "no")

    serve(handle)
    calls.place("101")
    calls.instance.wait_for_message("after 101 injected=yes")
    calls.place("102")
    calls.instance.wait_for_message("after 102 injected=no")


def test_applications(calls: Calls, serve: Callable[..., FastAgiServer]) -> None:
    found: dict[str, object] = {}
    done = threading.Event()

    def handle(session: AgiSession) -> None:
        found["result"] = session.execute("NoOp", "said from the script")
        try:
            session.execute("NoSuchApplication", "x")
        except AppFailed as error:
            found["missing"] = error.result
        found["tried"] = session.execute("TryExec", "NoSuchApplication(x)")
        began = time.monotonic()
        session.execute("Wait", "0.4")
        found["waited"] = time.monotonic() - began > 0.35
        try:
            session.execute("Wait", "20", timeout_s=0.2)
        except AgiTimeout:
            found["timeout"] = True
        done.set()

    serve(handle, deadline_s=0.2)
    calls.place("102")
    assert done.wait(20)
    assert found == {"result": "0", "missing": "-2", "tried": "0", "waited": True, "timeout": True}
    calls.instance.wait_for_message("said from the script")


def test_whatever_ends_a_script_the_dialplan_goes_on(
    calls: Calls, serve: Callable[..., FastAgiServer]
) -> None:
    running = threading.Event()

    def handle(session: AgiSession) -> None:
        if session.environment.script == "201":
            raise ZeroDivisionError
        if session.environment.script == "202":
            running.set()
            session.execute("Wait", "60")
        if session.environment.script == "203":
            session.abort()

    server = serve(handle, max_sessions=1)
    calls.place("201")
    calls.instance.wait_for_message("after 201 route=")
    calls.place("203")
    calls.instance.wait_for_message("after 203 route=")
    calls.place("202")
    assert running.wait(10)
    calls.place("204")  # one too many
    calls.instance.wait_for_message("after 204 route=")
    assert "after 202" not in calls.instance.messages()
    assert server.close()  # while an application runs
    calls.place("205")  # nobody listens
    calls.instance.wait_for_message("after 205 route=")


def test_a_caller_who_hangs_up_during_an_application(
    calls: Calls, serve: Callable[..., FastAgiServer]
) -> None:
    caught: list[BaseException] = []
    done = threading.Event()

    def handle(session: AgiSession) -> None:
        try:
            session.execute("Wait", "60")
        except CallerGone as error:
            caught.append(error)
            assert session.hung_up
        finally:
            done.set()

    serve(handle)
    calls.place("301", caller="short")
    assert done.wait(20)
    assert isinstance(caught[0], CallerGone)


def test_a_caller_who_hangs_up_between_commands(calls: Calls, serve: Callable[..., FastAgiServer]) -> None:
    found: dict[str, object] = {}
    done = threading.Event()

    def handle(session: AgiSession) -> None:
        deadline = time.monotonic() + 10
        while not session.hung_up and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        found["seen"] = session.hung_up
        if session.environment.script.startswith("D"):  # without AGIEXITONHANGUP the session goes on
            found["dead mode"] = session.get_variable("CHANNEL(name)")
        try:
            session.execute("NoOp")
        except CallerGone:
            found["refused"] = True
        done.set()

    serve(handle)
    calls.place("302", caller="short")
    assert done.wait(20)
    assert found == {"seen": True, "refused": True}
    done.clear()
    calls.place("D303", caller="short")
    assert done.wait(20)
    assert str(found["dead mode"]).startswith("Local/D303@agi-test")


def test_a_hundred_calls_at_once(calls: Calls, serve: Callable[..., FastAgiServer]) -> None:
    together = threading.Barrier(100)
    ids: set[str] = set()

    def handle(session: AgiSession) -> None:
        together.wait(30)
        session.set_variable("CALL_ID", session.environment.uniqueid)
        if session.get_variable("CALL_ID") == session.environment.uniqueid:
            ids.add(session.environment.uniqueid)
            session.set_variable("TRIAGE_ROUTE", "minsheng")

    server = serve(handle)
    for number in range(400, 500):
        calls.place(str(number))
    for number in range(400, 500):
        calls.instance.wait_for_message(f"after {number} route=minsheng", limit_s=30)
    assert len(ids) == 100
    assert server.sessions == 0
