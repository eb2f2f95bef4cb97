"""The faults of asterisk-ami's AutoReconnect, and how the keeper behaves instead."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from asterisk.ami import AMIClient, AutoReconnect, SimpleAction

from ivr.ami.errors import AmiRefused, AmiUnavailable
from ivr.ami.healed import HealedClient
from ivr.ami.keeper import Keeper
from tests.ivr.ami.manager_side import ManagerSide, agreeing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Until = Callable[..., None]
    Keep = Callable[..., tuple[Keeper, list[bool]]]


@pytest.fixture
def manager() -> Iterator[ManagerSide]:
    side = ManagerSide()
    yield side
    side.close()


@pytest.fixture
def keep(manager: ManagerSide) -> Iterator[Keep]:
    """Starts keepers; none of their threads may be left."""
    keepers: list[Keeper] = []

    def make(
        secret: str = "right",  # noqa: S107 - of the manager above
        *,
        port: int | None = None,
        ping_every_s: float = 0.1,
        backoff_s: tuple[float, float] = (0.02, 0.1),
    ) -> tuple[Keeper, list[bool]]:
        states: list[bool] = []
        client = HealedClient(
            "127.0.0.1",
            manager.port if port is None else port,
            timeout_s=0.3,
            wanted=None,
            on_event=lambda _event: None,
            on_end=lambda: keeper.wake(),  # noqa: PLW0108 - the keeper is made below
        )
        keeper = Keeper(
            client,
            ("user", secret),
            event_mask="call,agent",
            ping_every_s=ping_every_s,
            backoff_s=backoff_s,
            refused_backoff_s=0.2,
            on_state=states.append,
        )
        keepers.append(keeper)
        keeper.start()
        return keeper, states

    yield make
    for keeper in keepers:
        keeper.stop()
        keeper._client.cut()
        keeper.join(5)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ami-")]


def connections_made(manager: ManagerSide) -> int:
    return sum(action.startswith("Action: Login") for action in manager.actions)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_theirs_never_comes_back_after_a_reset(manager: ManagerSide, until: Until) -> None:
    client = AMIClient(port=manager.port, timeout=0.3)
    theirs = AutoReconnect(client, delay=0.05)
    client.login("user", "right")
    until(lambda: connections_made(manager) == 1 and len(manager.actions) > 2)
    manager.cut(reset=True)
    threading.Event().wait(1.0)
    assert connections_made(manager) == 1
    with pytest.raises(BrokenPipeError):
        client.send_action(SimpleAction("Ping"))
    theirs.finished.set()
    theirs.join(5)
    client.disconnect()


@pytest.mark.parametrize("reset", [False, True])
def test_ours_comes_back_after_every_end(
    manager: ManagerSide,
    keep: Keep,
    until: Until,
    reset: bool,  # noqa: FBT001 - a parameter
) -> None:
    _keeper, states = keep()
    until(lambda: states == [True])
    for turn in range(1, 4):
        manager.cut(reset=reset)
        until(lambda turn=turn: states == [True] + [False, True] * turn)
    assert connections_made(manager) == 4


def test_it_does_not_wait_for_the_next_ping(manager: ManagerSide, keep: Keep, until: Until) -> None:
    _keeper, states = keep(ping_every_s=60)
    until(lambda: states == [True])
    manager.cut()
    until(lambda: states == [True, False, True], within_s=5)


def test_a_peer_that_falls_silent_is_left(manager: ManagerSide, keep: Keep, until: Until) -> None:
    _keeper, states = keep()
    until(lambda: states == [True])
    manager.answer = lambda _fields: b""
    until(lambda: states == [True, False])
    manager.answer = agreeing
    until(lambda: states == [True, False, True])


def test_events_are_chosen_after_the_login(manager: ManagerSide, keep: Keep, until: Until) -> None:
    _keeper, states = keep()
    until(lambda: states == [True])
    assert manager.actions[0].startswith("Action: Login\r\nUsername: user\r\nSecret: right")
    assert manager.actions[1].startswith("Action: Events\r\nEventMask: call,agent")
    until(lambda: any(action.startswith("Action: Ping") for action in manager.actions))


def test_a_refused_login_is_told_apart_and_tried_again(
    manager: ManagerSide, keep: Keep, until: Until, logged: list[dict[str, object]]
) -> None:
    keeper, states = keep("wrong")
    until(lambda: connections_made(manager) >= 2)
    assert isinstance(keeper.fault, AmiRefused)
    assert str(keeper.fault) == "Authentication failed"
    assert [e["event"] for e in logged] == ["ami.login_refused"]  # once, not for each try
    assert states == []
    manager.answer = lambda fields: agreeing(fields | {"Secret": "right"})
    until(lambda: states == [True])
    assert keeper.fault is None


def test_a_closed_port_is_tried_until_it_opens(
    manager: ManagerSide, keep: Keep, until: Until, logged: list[dict[str, object]]
) -> None:
    port = manager.port
    manager.close()
    keeper, states = keep(port=port)
    until(lambda: isinstance(keeper.fault, AmiUnavailable))
    threading.Event().wait(0.3)
    assert [e["event"] for e in logged] == ["ami.unavailable"]
    late = ManagerSide(port=port)
    until(lambda: states == [True])
    keeper.stop()
    keeper.join(5)
    assert states == [True, False]
    late.close()


def test_the_pauses_between_tries_grow_to_their_bound(
    keep: Keep, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[float] = []
    monkeypatch.setattr(Keeper, "try_reconnect", lambda _keeper: times.append(time.monotonic()))
    keep(backoff_s=(0.05, 0.2))
    until(lambda: len(times) >= 6)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap >= least for gap, least in zip(gaps, (0.05, 0.1, 0.2, 0.2, 0.2), strict=False))


def test_stop_ends_a_pause_at_once(keep: Keep) -> None:
    keeper, _states = keep("wrong", backoff_s=(60, 60))
    keeper.stop()
    keeper.join(5)
    assert not keeper.is_alive()
