from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from ivr.ami.client import AmiClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivr.ami.packs import AmiEvent


class Heard:
    """What a client handed over, in its order, with a way to wait for it."""

    def __init__(self) -> None:
        self.items: list[AmiEvent | bool] = []
        self._changed = threading.Condition()

    def take(self, item: AmiEvent | bool) -> None:  # noqa: FBT001 - a state is a bool
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    @property
    def states(self) -> list[bool]:
        return [item for item in self.items if isinstance(item, bool)]

    @property
    def names(self) -> list[str]:
        return [item.name for item in self.items if not isinstance(item, bool)]

    def until(self, condition: Callable[[], bool], within_s: float = 10.0) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, within_s), f"heard only {self.items}"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def connect(heard: Heard) -> Iterator[Callable[..., AmiClient]]:
    """Makes started clients with short times; after the test no thread of theirs may be left."""
    clients: list[AmiClient] = []

    def make(port: int, password: str = "right", **options: Any) -> AmiClient:  # noqa: S107 - of our own ManagerSide
        times: dict[str, Any] = {
            "timeout_s": 0.5,
            "ping_every_s": 0.1,
            "backoff_s": (0.02, 0.1),
            "refused_backoff_s": 0.1,
        }
        on_event = options.pop("on_event", heard.take)
        client = AmiClient(
            "127.0.0.1",
            port,
            "user",
            password,
            on_event,
            heard.take,
            **(times | options),
        )
        clients.append(client)
        client.start()
        return client

    yield make
    for client in clients:
        client.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ami-")]


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as entries:
        yield entries  # type: ignore[misc]


@pytest.fixture
def until() -> Callable[..., None]:
    """Waits for something that gives no sign of its own."""

    def wait(condition: Callable[[], object], within_s: float = 10.0) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            threading.Event().wait(0.005)

    return wait
