"""Each fault of pyst2 0.5.1: first that it is there, then that it is healed.

When an upgrade of pyst2 mends one, the first of the two fails and says so.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import socket
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from asterisk import agi as pyst2

from ivr.fastagi.commands import MAX_COMMAND_BYTES
from ivr.fastagi.errors import (
    AgiError,
    AgiProtocolError,
    AgiTimeout,
    AppFailed,
    ArgumentRefused,
    CallerGone,
    SessionClosed,
)
from ivr.fastagi.healed import HealedAgi
from ivr.fastagi.lines import MAX_LINE_BYTES, LineChannel
from tests.ivr.fastagi.asterisk_side import AsteriskSide, echoed, environment_bytes, reset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pair = tuple[socket.socket, socket.socket]
    Healed = Callable[..., tuple[HealedAgi, AsteriskSide]]


class Pyst2:
    """pyst2's AGI as it is, over texts."""

    def __init__(self, answers: str, environment: str = "agi_callerid: 13800138000\n\n") -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.agi = pyst2.AGI(io.StringIO(environment + answers), self.out, self.err)


@pytest.fixture
def healed(pair: Pair) -> Iterator[Healed]:
    sides: list[AsteriskSide] = []

    def make(
        answer: Callable[[str], bytes | None] = echoed, deadline_s: float = 2.0
    ) -> tuple[HealedAgi, AsteriskSide]:
        side = AsteriskSide(pair[1], answer)
        sides.append(side)
        side.start()
        return HealedAgi(LineChannel(pair[0]), deadline_s), side

    yield make
    for side in sides:
        side.end()


pytestmark = pytest.mark.usefixtures("_sighup_kept")


class TestImport:
    def test_pyst2s_own_server_cannot_be_imported(self) -> None:
        with pytest.raises(ModuleNotFoundError, match="SocketServer"):
            importlib.import_module("asterisk.fastagi")

    def test_ours_can(self) -> None:
        assert importlib.import_module("ivr.fastagi.server").FastAgiServer


class TestSignalHandler:
    def test_pyst2_cannot_be_made_on_a_calls_thread(self) -> None:
        caught: list[Exception] = []

        def make() -> None:
            try:
                Pyst2("")
            except ValueError as error:
                caught.append(error)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        assert "main thread" in str(caught[0])

    def test_ours_can(self, healed: Healed) -> None:
        values: list[str] = []
        agi, _side = healed()
        thread = threading.Thread(target=lambda: values.append(agi.get_variable("CHANNEL")))
        thread.start()
        thread.join()
        assert values == ["CHANNEL"]


class TestSocketFiles:
    def test_pyst2_writes_text_to_a_sockets_file_of_bytes(self, pair: Pair) -> None:
        ours, theirs = pair
        theirs.sendall(environment_bytes())
        with ours.makefile("rwb") as file:
            agi = pyst2.AGI(file, file, io.StringIO())
            with pytest.raises(TypeError, match="bytes-like"):
                agi.answer()

    def test_ours_speaks_utf8(self, healed: Healed) -> None:
        agi, side = healed()
        agi.set_variable("TRIAGE_LABEL", "供水")
        assert side.commands == ['SET VARIABLE "TRIAGE_LABEL" "供水"']


class TestStandardError:
    def test_pyst2_tells_everybody_the_callers_number(self) -> None:
        assert "13800138000" in Pyst2("").err.getvalue()

    def test_ours_tells_nobody(self, healed: Healed, capfd: pytest.CaptureFixture[str]) -> None:
        agi, _side = healed()
        agi.set_variable("NUMBER", "13800138000")
        written = capfd.readouterr()
        assert (written.out, written.err) == ("", "")


class TestHangup:
    def test_pyst2_dies_of_the_line_hangup(self) -> None:
        with pytest.raises(ValueError, match="invalid literal for int"):
            Pyst2("HANGUP\n200 result=0\n").agi.noop()

    def test_ours_notes_it_and_goes_on(self, healed: Healed) -> None:
        agi, _side = healed(lambda command: b"HANGUP\n" + (echoed(command) or b""))
        assert not agi.hung_up
        assert agi.get_variable("NAME") == "NAME"
        assert agi.hung_up

    def test_ours_sees_it_between_commands(self, healed: Healed, pair: Pair) -> None:
        agi, _side = healed()
        pair[1].sendall(b"HANGUP\n")
        while not agi.hung_up:
            pass
        assert agi.get_variable("NAME") == "NAME"

    def test_a_hangup_between_a_value_and_the_fence(self, healed: Healed) -> None:
        def answer(command: str) -> bytes:
            return (
                b"200 result=1 (value)\nHANGUP\n" if command == 'GET VARIABLE "V"' else echoed(command) or b""
            )

        agi, _side = healed(answer)
        assert agi.get_variable("V") == "value"
        assert agi.hung_up

    def test_pyst2_dies_of_the_end(self) -> None:
        with pytest.raises(ValueError, match="invalid literal for int"):
            Pyst2("").agi.noop()

    @pytest.mark.parametrize("end", [socket.socket.close, reset])
    def test_ours_says_that_the_caller_is_gone(
        self, pair: Pair, end: Callable[[socket.socket], None]
    ) -> None:
        agi = HealedAgi(LineChannel(pair[0]), 2.0)
        end(pair[1])
        with pytest.raises(CallerGone):
            agi.noop()
        assert agi.hung_up


class TestNegativeResult:
    def test_pyst2_does_not_tell_a_failure_from_a_hangup(self) -> None:
        with pytest.raises(pyst2.AGIAppError):
            Pyst2("200 result=-1\n").agi.appexec("AudioSocket", "x")

    def test_ours_says_which_application_failed(self, healed: Healed) -> None:
        agi, _side = healed(lambda _command: b"200 result=-1\n")
        with pytest.raises(AppFailed, match="EXEC failed"):
            agi.appexec("AudioSocket", "x")

    def test_or_that_the_caller_went(self, healed: Healed) -> None:
        agi, _side = healed(lambda _command: b"HANGUP\n200 result=-1\n")
        with pytest.raises(CallerGone, match="during EXEC"):
            agi.appexec("AudioSocket", "x")


class TestTheWordHangup:
    def test_pyst2_takes_a_value_for_a_hangup(self) -> None:
        with pytest.raises(pyst2.AGIResultHangup):
            Pyst2("200 result=1 (hangup)\n").agi.execute("GET VARIABLE", "V")

    @pytest.mark.parametrize("value", ["hangup", "a) result=0 (b", ")", "", " x ", "HANGUP"])
    def test_ours_reads_the_value(self, healed: Healed, value: str) -> None:
        def answer(command: str) -> bytes:
            given = command == 'GET VARIABLE "V"'
            return f"200 result=1 ({value})\n".encode() if given else echoed(command) or b""

        agi, _side = healed(answer)
        assert agi.get_variable("V") == value
        assert not agi.hung_up


class TestQuoting:
    def test_pyst2_lets_a_value_end_its_quotes(self) -> None:
        used = Pyst2("200 result=1\n")
        used.agi.set_variable("V", 'a" "b\\')
        assert used.out.getvalue() == 'SET VARIABLE "V" "a" "b\\"\n'

    def test_ours_escapes(self, healed: Healed) -> None:
        agi, side = healed()
        agi.set_variable("V", 'a" "b\\')
        assert side.commands == ['SET VARIABLE "V" "a\\" \\"b\\\\"']

    def test_pyst2_lets_a_value_inject_a_command(self) -> None:
        used = Pyst2("200 result=1\n")
        used.agi.set_variable("SAID", 'x"\nEXEC Hangup\n')
        assert "EXEC Hangup" in used.out.getvalue().splitlines()

    def test_ours_does_not(self, healed: Healed) -> None:
        agi, side = healed()
        agi.set_variable("SAID", 'x"\nEXEC Hangup\n\0')
        assert side.commands == ['SET VARIABLE "SAID" "x\\" EXEC Hangup "']

    def test_nor_in_arguments_that_pyst2_does_not_quote(self, healed: Healed) -> None:
        agi, side = healed()
        with pytest.raises(ArgumentRefused):
            agi.stream_file("x\nEXEC Hangup")
        agi.noop()
        assert side.commands == ["NOOP"]


class TestLength:
    def test_pyst2_sends_more_than_asterisk_reads(self) -> None:
        used = Pyst2("200 result=1\n")
        used.agi.set_variable("V", "x" * 3000)
        assert len(used.out.getvalue()) > MAX_COMMAND_BYTES

    def test_ours_refuses_and_the_session_goes_on(self, healed: Healed) -> None:
        agi, side = healed()
        with pytest.raises(ArgumentRefused, match="shorten"):
            agi.set_variable("V", "x" * 3000)
        agi.noop()
        assert side.commands == ["NOOP"]


class TestValuesOfSeveralLines:
    VALUE = "北京市\n200 result=1 (minsheng)\nHANGUP\n)\nend"

    def test_pyst2_takes_the_rest_for_the_next_answer(self) -> None:
        agi = Pyst2(f"200 result=1 ({self.VALUE})\n200 result=1 (police)\n").agi
        agi.get_variable("LOCATION")
        assert agi.get_variable("TRIAGE_ROUTE") == "minsheng"

    def test_ours_reads_it_whole(self, healed: Healed) -> None:
        def answer(command: str) -> bytes:
            given = command == 'GET VARIABLE "LOCATION"'
            return f"200 result=1 ({self.VALUE})\n".encode() if given else echoed(command) or b""

        agi, _side = healed(answer)
        assert agi.get_variable("LOCATION") == self.VALUE
        assert agi.get_variable("TRIAGE_ROUTE") == "TRIAGE_ROUTE"
        assert not agi.hung_up

    def test_the_fence_is_never_the_same(self, healed: Healed) -> None:
        agi, side = healed()
        agi.get_variable("A")
        agi.get_variable("A")
        assert len(set(side.commands)) == 3

    def test_a_value_without_end_is_refused(self, healed: Healed) -> None:
        flood = b"200 result=1 (" + (b"x" * 1000 + b"\n") * (MAX_LINE_BYTES // 1000 + 2)
        agi, _side = healed(lambda command: flood if command.endswith('"V"') else b"")
        with pytest.raises(AgiProtocolError, match="a value of more than"):
            agi.get_variable("V")


class TestDeadlines:
    def test_pyst2_waits_for_ever(self, pair: Pair) -> None:
        ours, theirs = pair
        theirs.sendall(environment_bytes())
        with ours.makefile("r") as reader:
            agi = pyst2.AGI(reader, io.StringIO(), io.StringIO())
            assert not [name for name in vars(agi) if "timeout" in name or "deadline" in name]
            waiting = threading.Thread(target=agi.noop)
            waiting.start()
            waiting.join(0.3)
            assert waiting.is_alive()
            theirs.sendall(b"200 result=0\n")
            waiting.join(5)

    def test_ours_stops_waiting(self, healed: Healed) -> None:
        agi, _side = healed(lambda _command: None, deadline_s=0.1)
        with pytest.raises(AgiTimeout):
            agi.noop()

    def test_a_late_answer_is_never_taken_for_another(self, healed: Healed, pair: Pair) -> None:
        agi, side = healed(lambda _command: None, deadline_s=0.1)
        with pytest.raises(AgiTimeout):
            agi.get_variable("A")
        pair[1].sendall(b"200 result=1 (late)\n")
        with pytest.raises(AgiTimeout):
            agi.get_variable("B")
        assert side.commands == ['GET VARIABLE "A"']


class TestAfterTheEnd:
    def test_pyst2_gives_a_different_error_each_time(self, pair: Pair) -> None:
        ours, theirs = pair
        theirs.sendall(environment_bytes())
        kinds = set()
        with contextlib.suppress(BrokenPipeError), ours.makefile("r") as reader, ours.makefile("w") as writer:
            agi = pyst2.AGI(reader, writer, io.StringIO())
            theirs.close()
            for _turn in range(3):
                try:
                    agi.noop()
                except (ValueError, OSError, pyst2.AGIException) as error:
                    kinds.add(type(error))
        assert len(kinds) > 1

    def test_ours_gives_the_same_error_again_and_sends_nothing(self, healed: Healed) -> None:
        agi, side = healed(lambda _command: b"what?\n")
        for _turn in range(3):
            with pytest.raises(AgiProtocolError):
                agi.noop()
        assert side.commands == ["NOOP"]

    def test_a_dead_channel(self, healed: Healed) -> None:
        agi, _side = healed(lambda _command: b"511 Command Not Permitted on a dead channel\n")
        with pytest.raises(CallerGone, match="dead"):
            agi.answer()
        assert agi.hung_up

    def test_a_session_taken_away(self, pair: Pair) -> None:
        lines = LineChannel(pair[0])
        agi = HealedAgi(lines, 2.0)
        lines.abort()
        with pytest.raises(SessionClosed):
            agi.noop()


class TestOtherAnswers:
    def test_an_unknown_command_leaves_the_session_in_order(self, healed: Healed) -> None:
        agi, _side = healed(lambda command: b"510 Invalid\n" if command == "BOGUS" else echoed(command))
        with pytest.raises(ArgumentRefused, match="510"):
            agi.run(1, "BOGUS")
        assert agi.get_variable("A") == "A"

    def test_pyst2_hangs_on_a_usage_that_asterisk_gives_in_one_line(self) -> None:
        agi = Pyst2("").agi
        reads = iter(["520 Invalid command syntax.  Proper usage not available.\n"])
        agi.stdin = SimpleNamespace(readline=lambda: next(reads))
        with pytest.raises(StopIteration):  # it wants a line more, which never comes
            agi.noop()

    @pytest.mark.parametrize(
        "usage",
        [
            b"520-Invalid command syntax.  Proper usage follows:\n Usage: SET VARIABLE\n\n520 End of proper usage.\n",
            b"520 Invalid command syntax.  Proper usage not available.\n",
        ],
    )
    def test_a_usage_is_read_to_its_end(self, healed: Healed, usage: bytes) -> None:
        agi, _side = healed(lambda command: usage if command == "SET VARIABLE" else echoed(command))
        with pytest.raises(ArgumentRefused, match="520"):
            agi.run(1, "SET VARIABLE")
        assert agi.get_variable("A") == "A"

    def test_a_line_nobody_asked_for_ends_the_session(self, healed: Healed, pair: Pair) -> None:
        agi, side = healed()
        pair[1].sendall(b"200 result=1 (minsheng)\n")
        error: AgiError | None = None
        while error is None:
            try:
                agi.noop()
            except AgiProtocolError as caught:
                error = caught
        assert "nobody asked for" in str(error) or "code" in str(error)
        assert set(side.commands) <= {"NOOP"}

    def test_an_unknown_code_ends_the_session(self, healed: Healed) -> None:
        agi, _side = healed(lambda _command: b"600 what\n")
        with pytest.raises(AgiProtocolError, match="600"):
            agi.noop()

    def test_pyst2s_other_commands_work_healed(self, healed: Healed) -> None:
        agi, side = healed()
        agi.answer()
        assert agi.get_full_variable("${A}") == "${A}"
        assert agi.get_full_variable("${A}", "PJSIP/x") != ""
        agi.verbose('a "b"', 3)
        assert side.commands[0] == "ANSWER"
        assert side.commands[-1] == 'VERBOSE "a \\"b\\"" 3'
