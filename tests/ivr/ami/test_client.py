from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from ivr.ami.client import AmiClient
from ivr.ami.errors import AmiError, AmiFieldRefused, AmiRefused, AmiTimeout, AmiUnavailable
from tests.ivr.ami.manager_side import ManagerSide, agreeing, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivr.ami.packs import AmiEvent
    from tests.ivr.ami.conftest import Heard

    Connect = Callable[..., AmiClient]


@pytest.fixture
def manager() -> Iterator[ManagerSide]:
    side = ManagerSide()
    yield side
    side.close()


def test_events_and_states_come_in_their_order(manager: ManagerSide, connect: Connect, heard: Heard) -> None:
    connect(manager.port)
    heard.until(lambda: heard.states == [True])
    manager.say(b"".join(pack(f"Event: E{number}") for number in range(50)))
    heard.until(lambda: len(heard.names) == 50)
    manager.cut()
    heard.until(lambda: heard.states == [True, False, True])
    manager.say(pack("Event: After"))
    heard.until(lambda: "After" in heard.names)
    assert heard.names == [*(f"E{number}" for number in range(50)), "After"]
    assert heard.items[0] is True
    assert [item for item in heard.items[51:53] if isinstance(item, bool)] == [False, True]


def test_no_event_before_the_state(connect: Connect, heard: Heard) -> None:
    def answer(fields: dict[str, str]) -> bytes:
        return agreeing(fields) + pack("Event: FullyBooted") * (fields["Action"] == "Login")

    side = ManagerSide(answer)
    connect(side.port)
    heard.until(lambda: heard.states == [True])
    side.say(pack("Event: First"))
    heard.until(lambda: bool(heard.names))
    assert heard.names == ["First"]
    side.close()


def test_start_returns_at_once_and_nothing_is_needed(connect: Connect, manager: ManagerSide) -> None:
    port = manager.port
    manager.close()
    began = time.monotonic()
    client = connect(port)
    assert time.monotonic() - began < 1
    with pytest.raises(AmiUnavailable):
        client.action("Ping")


def test_actions(manager: ManagerSide, connect: Connect, heard: Heard) -> None:
    client = connect(manager.port)
    heard.until(lambda: heard.states == [True])
    response = client.action("Redirect", Channel="PJSIP/a-1", Context="police", Exten="s", Priority=1)
    assert (response.status, response.message) == ("Success", "Redirect done")
    sent = next(action for action in manager.actions if action.startswith("Action: Redirect"))
    assert "Channel: PJSIP/a-1\r\nContext: police\r\nExten: s\r\nPriority: 1\r\nActionID: " in sent
    with pytest.raises(AmiFieldRefused):
        client.action("Redirect", Channel="x\r\nAction: Originate")
    manager.answer = lambda fields: pack("Response: Error", f"ActionID: {fields['ActionID']}", "Message: no")
    with pytest.raises(AmiRefused, match="no"):
        client.action("Redirect", Channel="x")
    manager.answer = lambda fields: b"" if fields["Action"] == "Redirect" else agreeing(fields)
    with pytest.raises(AmiTimeout):
        client.action("Redirect", Channel="x")


def test_all_errors_are_of_one_family() -> None:
    assert all(
        issubclass(kind, AmiError) for kind in (AmiUnavailable, AmiTimeout, AmiRefused, AmiFieldRefused)
    )


def test_a_receiver_may_act(manager: ManagerSide, connect: Connect, heard: Heard) -> None:
    answers: list[str] = []
    acted = threading.Event()

    def act(event: AmiEvent) -> None:
        answers.append(client.action("Redirect", Channel=event.fields["Channel"]).message)
        acted.set()

    client = connect(manager.port, on_event=act)
    heard.until(lambda: heard.states == [True])
    manager.say(pack("Event: E", "Channel: x"))
    assert acted.wait(5)
    assert answers == ["Redirect done"]


def test_a_receivers_mistake_costs_nothing_else(
    manager: ManagerSide, connect: Connect, heard: Heard, logged: list[dict[str, object]]
) -> None:
    def receive(event: AmiEvent) -> None:
        heard.take(event)
        if event.name == "Bad":
            raise ZeroDivisionError

    client = connect(manager.port, on_event=receive)
    heard.until(lambda: heard.states == [True])
    manager.say(pack("Event: Bad") + pack("Event: Good"))
    heard.until(lambda: heard.names == ["Bad", "Good"])
    assert client.action("Ping").status == "Success"
    assert [e["item"] for e in logged if e["event"] == "ami.receiver_failed"] == ["Bad"]


def test_a_slow_receiver_holds_up_nothing_and_loses_the_oldest(
    manager: ManagerSide, connect: Connect, heard: Heard, logged: list[dict[str, object]]
) -> None:
    go_on = threading.Event()
    taken = threading.Event()

    def receive(event: AmiEvent) -> None:
        taken.set()
        go_on.wait(20)
        heard.take(event)

    client = connect(manager.port, on_event=receive, max_waiting_events=3)
    heard.until(lambda: heard.states == [True])
    manager.say(pack("Event: E0"))
    assert taken.wait(5)
    manager.say(b"".join(pack(f"Event: E{number}") for number in range(1, 10)))
    for _ping in range(5):
        assert client.action("Ping").status == "Success"
    threading.Event().wait(0.5)  # several keeping pings long
    go_on.set()
    heard.until(lambda: len(heard.names) == 4)
    assert heard.names == ["E0", "E7", "E8", "E9"]
    assert heard.states == [True]
    assert [e["dropped"] for e in logged if e["event"] == "ami.events_dropped"] == [1, 2, 4]


def test_a_state_is_never_dropped(manager: ManagerSide, connect: Connect, heard: Heard) -> None:
    go_on = threading.Event()
    taken = threading.Event()

    def receive(_event: AmiEvent) -> None:
        taken.set()
        go_on.wait(20)

    connect(manager.port, on_event=receive, max_waiting_events=1)
    heard.until(lambda: heard.states == [True])
    manager.say(pack("Event: E0"))
    assert taken.wait(5)
    manager.cut()
    deadline = time.monotonic() + 10
    while len(manager.connections) < 1 and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    threading.Event().wait(0.3)
    manager.say(b"".join(pack(f"Event: F{number}") for number in range(5)))
    go_on.set()
    heard.until(lambda: heard.states == [True, False, True])


def test_a_refused_login_is_reported(
    connect: Connect, manager: ManagerSide, until: Callable[..., None]
) -> None:
    client = connect(manager.port, "wrong")
    assert client.fault is None
    until(lambda: isinstance(client.fault, AmiRefused))
    with pytest.raises(AmiUnavailable):
        client.action("Ping")


def test_only_wanted_events(connect: Connect, manager: ManagerSide, heard: Heard) -> None:
    connect(manager.port, events={"Hangup"}, event_mask="call")
    heard.until(lambda: heard.states == [True])
    manager.say(pack("Event: VarSet") + pack("Event: Hangup"))
    heard.until(lambda: bool(heard.names))
    assert heard.names == ["Hangup"]
    assert any("EventMask: call\r\n" in action for action in manager.actions)


class TestClose:
    def test_while_connected(self, connect: Connect, manager: ManagerSide, heard: Heard) -> None:
        client = connect(manager.port)
        heard.until(lambda: heard.states == [True])
        client.close()
        assert heard.states == [True, False]
        with pytest.raises(AmiUnavailable):
            client.action("Ping")

    def test_who_waits_for_an_answer_is_let_go(
        self, connect: Connect, manager: ManagerSide, heard: Heard
    ) -> None:
        client = connect(manager.port, timeout_s=20)
        heard.until(lambda: heard.states == [True])
        manager.answer = lambda _fields: b""
        threading.Timer(0.2, client.close).start()
        began = time.monotonic()
        with pytest.raises(AmiUnavailable):
            client.action("Redirect", Channel="x")
        assert time.monotonic() - began < 10

    def test_while_connecting(self, connect: Connect) -> None:
        side = ManagerSide(banner=b"")
        client = connect(side.port, timeout_s=0.5)
        began = time.monotonic()
        client.close()
        assert time.monotonic() - began < 5
        side.close()

    def test_from_a_receiver(self, connect: Connect, manager: ManagerSide, heard: Heard) -> None:
        closed = threading.Event()

        def receive(_event: AmiEvent) -> None:
            client.close()
            closed.set()

        client = connect(manager.port, on_event=receive)
        heard.until(lambda: heard.states == [True])
        manager.say(pack("Event: E"))
        assert closed.wait(10)

    def test_twice_and_without_start(self, connect: Connect, manager: ManagerSide) -> None:
        client = connect(manager.port)
        client.close()
        client.close()
        never = AmiClient("127.0.0.1", manager.port, "u", "s", lambda _event: None, lambda _up: None)
        never.close()
