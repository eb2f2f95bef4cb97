"""Each fault of asterisk-ami 0.1.7: first that it is there, then that it is healed.

When an upgrade of asterisk-ami mends one, the first of the two fails and says so. `packs` and `keeper` have theirs in
test_packs.py and test_keeper.py.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from asterisk.ami import Action, AMIClient, SimpleAction
from asterisk.ami.response import FutureResponse, Response

from ivr.ami.errors import (
    AmiFieldRefused,
    AmiProtocolError,
    AmiRefused,
    AmiTimeout,
    AmiUnavailable,
)
from ivr.ami.healed import HealedClient
from tests.ivr.ami.manager_side import ManagerSide, agreeing, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivr.ami.packs import AmiEvent

    Until = Callable[..., None]
    Make = Callable[..., HealedClient]


@pytest.fixture
def manager() -> Iterator[ManagerSide]:
    side = ManagerSide()
    yield side
    side.close()


@pytest.fixture
def make(manager: ManagerSide) -> Iterator[Make]:
    """Makes healed clients for the manager; none of their threads may be left."""
    clients: list[HealedClient] = []

    def make_one(
        *,
        port: int | None = None,
        timeout_s: float = 0.5,
        wanted: frozenset[str] | None = None,
        on_event: Callable[[AmiEvent], None] = lambda _event: None,
        on_end: Callable[[], None] = lambda: None,
    ) -> HealedClient:
        client = HealedClient(
            "127.0.0.1",
            manager.port if port is None else port,
            timeout_s=timeout_s,
            wanted=wanted,
            on_event=on_event,
            on_end=on_end,
        )
        clients.append(client)
        return client

    yield make_one
    for client in clients:
        client.disconnect()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ami-")]


@pytest.fixture
def theirs(manager: ManagerSide) -> Iterator[AMIClient]:
    """asterisk-ami's client as it is, connected."""
    client = AMIClient(port=manager.port, timeout=0.2)
    client.connect()
    yield client
    client.disconnect()


class TestSilence:
    def test_their_listener_dies_of_it(self, theirs: AMIClient) -> None:
        theirs._thread.join(5)
        assert not theirs._thread.is_alive()
        assert not theirs.finished.is_set()  # and nobody is told

    def test_ours_waits(self, make: Make, until: Until) -> None:
        client = make(timeout_s=0.1)
        client.login("user", "right")
        client._thread.join(0.5)
        assert client._thread.is_alive()
        assert client.request("Ping", {}).message == "Ping done"


class TestEnds:
    @pytest.mark.parametrize("reset", [False, True])
    def test_every_end_is_noticed(
        self,
        make: Make,
        manager: ManagerSide,
        reset: bool,  # noqa: FBT001 - a parameter
    ) -> None:
        ended = threading.Event()
        client = make(on_end=ended.set)
        client.login("user", "right")
        manager.cut(reset=reset)
        assert ended.wait(5)
        assert not client.connected
        with pytest.raises(AmiUnavailable):
            client.request("Ping", {})

    def test_connecting_again_ends_the_old_connection(self, make: Make, manager: ManagerSide) -> None:
        client = make()
        client.login("user", "right")
        old = client._thread
        client.login("user", "right")
        assert not old.is_alive()
        assert client.request("Ping", {}).status == "Success"
        assert len(manager.connections) == 2

    def test_who_waits_for_an_answer_learns_of_the_end(self, make: Make, manager: ManagerSide) -> None:
        client = make(timeout_s=20)
        client.login("user", "right")
        manager.answer = lambda _fields: b""
        threading.Timer(0.1, manager.cut).start()
        began = time.monotonic()
        with pytest.raises(AmiUnavailable, match="lost before"):
            client.request("Ping", {})
        assert time.monotonic() - began < 10

    def test_disconnect_without_connection(self, make: Make) -> None:
        client = make()
        client.disconnect()
        assert not client.connected


class TestReceivers:
    def test_their_listener_dies_of_a_listeners_mistake(
        self, theirs: AMIClient, manager: ManagerSide, until: Until
    ) -> None:
        theirs.add_event_listener(lambda **_kwargs: 1 / 0)
        until(lambda: theirs._ami_version)  # an event that overtakes the banner would be taken for it
        manager.say(pack("Event: A"))
        theirs._thread.join(5)
        assert not theirs._thread.is_alive()

    def test_ours_goes_on(
        self, make: Make, manager: ManagerSide, until: Until, logged: list[dict[str, object]]
    ) -> None:
        names: list[str] = []

        def receive(event: AmiEvent) -> None:
            names.append(event.name)
            if event.name == "Bad":
                raise ZeroDivisionError

        client = make(on_event=receive)
        client.login("user", "right")
        manager.say(pack("Event: Bad") + pack("Event: Good"))
        until(lambda: names == ["Bad", "Good"])
        assert client.request("Ping", {}).status == "Success"
        assert [e["event"] for e in logged] == ["ami.event_receiver_failed"]

    def test_their_future_stays_locked_when_a_warning_is_an_error(self) -> None:
        future = FutureResponse(timeout=0.1)
        with pytest.raises(DeprecationWarning, match="notifyAll"):
            future.response = Response("Success")
        assert not future._lock.acquire(timeout=0.1) or future._lock._is_owned()
        other = threading.Thread(target=lambda: acquired.append(future._lock.acquire(timeout=0.1)))
        acquired: list[bool] = []
        other.start()
        other.join()
        assert acquired == [False]

    def test_a_callbacks_mistake_stays_its_own(
        self, make: Make, until: Until, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = make()
        client.login("user", "right")
        answer = client.send_action(Action("Ping"), lambda _response: divmod(1, 0) and None)
        assert answer.result(5).status == "Success"
        assert client.request("Ping", {}).status == "Success"
        assert "ZeroDivisionError" in caplog.text

    def test_only_wanted_events_are_read(self, make: Make, manager: ManagerSide, until: Until) -> None:
        names: list[str] = []
        client = make(wanted=frozenset({"Hangup"}), on_event=lambda event: names.append(event.name))
        client.login("user", "right")
        manager.say(
            pack("Event: VarSet") + pack("Event: Hangup") + pack("Response: Success", "ActionID: 999")
        )
        until(lambda: names)
        assert names == ["Hangup"]


class TestSending:
    def test_theirs_lets_a_value_inject_an_action(
        self, theirs: AMIClient, manager: ManagerSide, until: Until
    ) -> None:
        theirs.send_action(SimpleAction("Ping", Data="x\r\n\r\nAction: Originate\r\nActionID: evil"))
        until(lambda: len(manager.actions) == 2)
        assert manager.actions[1].startswith("Action: Originate")

    def test_ours_refuses_it(self, make: Make, manager: ManagerSide) -> None:
        client = make()
        client.login("user", "right")
        with pytest.raises(AmiFieldRefused):
            client.request("Ping", {"Data": "x\r\n\r\nAction: Originate"})
        client.request("Ping", {"Data": "y", "Variable": {"A": "1", "B": "2"}})
        assert len(manager.actions) == 2
        assert "Data: y\r\n" in manager.actions[1]
        assert "Variable: A=1\r\nVariable: B=2" in manager.actions[1]

    def test_actions_from_many_threads_do_not_mix(self, make: Make, manager: ManagerSide) -> None:
        client = make(timeout_s=20)
        client.login("user", "right")
        answers: list[str] = []

        def ask(number: int) -> None:
            answers.extend(
                client.request(f"Do{number}", {"Data": f"{number}-{turn}-" + "x" * 500}).message
                for turn in range(20)
            )

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == sorted(f"Do{number} done" for number in range(8) for _turn in range(20))
        assert all(action.startswith("Action: ") for action in manager.actions)

    def test_a_peer_that_reads_nothing_does_not_hold_us(self, make: Make) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            client = make(port=listening.getsockname()[1], timeout_s=0.3)
            connecting = threading.Thread(target=client.connect)
            connecting.start()
            sock, _address = listening.accept()
            sock.sendall(b"Asterisk Call Manager/11.0.0\r\n")
            connecting.join()
            began = time.monotonic()
            with pytest.raises(AmiUnavailable, match="took no action"):
                client.send("x" * 50_000_000)
            assert time.monotonic() - began < 5
            assert not client.connected
            sock.close()


class TestAnswers:
    def test_theirs_is_none_when_it_does_not_come_and_kept_for_ever(
        self, theirs: AMIClient, manager: ManagerSide
    ) -> None:
        manager.answer = lambda _fields: b""
        assert theirs.send_action(SimpleAction("Ping")).response is None
        assert len(theirs._futures) == 1

    def test_ours_says_so_and_forgets_it(self, make: Make, manager: ManagerSide) -> None:
        client = make(timeout_s=0.1)
        client.login("user", "right")
        manager.answer = lambda _fields: b""
        with pytest.raises(AmiTimeout, match="Ping"):
            client.request("Ping", {})
        assert not client._answers
        assert client.connected

    def test_a_late_answer_is_not_taken_for_another(self, make: Make, manager: ManagerSide) -> None:
        client = make(timeout_s=0.2)
        client.login("user", "right")
        kept: list[dict[str, str]] = []
        manager.answer = lambda fields: kept.append(fields) or b""  # type: ignore[func-returns-value]
        with pytest.raises(AmiTimeout):
            client.request("First", {})
        manager.answer = lambda fields: agreeing(kept[0]) + agreeing(fields)
        assert client.request("Second", {}).message == "Second done"

    def test_an_error_is_raised_with_asterisks_words(self, make: Make, manager: ManagerSide) -> None:
        client = make()
        client.login("user", "right")
        manager.answer = lambda fields: pack(
            "Response: Error", f"ActionID: {fields['ActionID']}", "Message: No such channel"
        )
        with pytest.raises(AmiRefused, match="No such channel"):
            client.request("Redirect", {"Channel": "x"})

    def test_an_error_without_words(self, make: Make, manager: ManagerSide) -> None:
        client = make()
        client.login("user", "right")
        manager.answer = lambda fields: pack("Response: Error", f"ActionID: {fields['ActionID']}")
        with pytest.raises(AmiRefused, match="Redirect failed"):
            client.request("Redirect", {})

    def test_theirs_gives_a_commands_output_as_one_text(self) -> None:
        read = Response.read("Response: Success\r\nOutput: a\r\nOutput: b\r\n")
        assert read.keys["Output"] == "a\nb"

    def test_ours_gives_its_lines(self, make: Make, manager: ManagerSide) -> None:
        client = make()
        client.login("user", "right")
        manager.answer = lambda fields: pack(
            "Response: Success", f"ActionID: {fields['ActionID']}", "Output: a\u2028b", "Output: c"
        )
        assert client.request("Command", {"Command": "core show version"}).output == ("a\u2028b", "c")


class TestConnecting:
    def test_a_refused_login(self, make: Make) -> None:
        with pytest.raises(AmiRefused, match="Authentication failed"):
            make().login("user", "wrong")

    def test_a_closed_port(self, make: Make) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        with pytest.raises(AmiUnavailable, match=f"no AMI at 127.0.0.1:{port}"):
            make(port=port).login("user", "right")

    @pytest.mark.parametrize("banner", [b"", b"SSH-2.0-OpenSSH\r\n", b"Asterisk"])
    def test_no_greeting_no_secret(self, make: Make, banner: bytes) -> None:
        side = ManagerSide(banner=banner)
        try:
            with pytest.raises(AmiProtocolError, match="did not greet"):
                make(port=side.port, timeout_s=0.2).login("user", "right")
            assert not side.actions
        finally:
            side.close()

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_their_listener_dies_of_a_wrong_greeting_and_nobody_is_told(self) -> None:
        side = ManagerSide(banner=b"SSH-2.0-OpenSSH\r\n")
        client = AMIClient(port=side.port, timeout=5)
        client.connect()
        client._thread.join(5)
        assert not client._thread.is_alive()
        assert not client.finished.is_set()
        client.disconnect()
        side.close()
