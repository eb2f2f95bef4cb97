"""What the tests of this room share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.asterisk_instance import (
    AsteriskFactory,
    AsteriskInstance,
    asterisk_factory,
    asterisk_install,
    reachable_tmp,
)
from tests.ivr.asterisk.sip_peer import Leg, Phone

__all__ = ["asterisk_factory", "asterisk_install", "reachable_tmp"]
CALLER = "13800138000"


@dataclass
class Scene:
    """One Asterisk with a dispatcher's phone (p101), an agent's phone (m201), and callers."""

    instance: AsteriskInstance
    police: Phone
    minsheng: Phone
    stack: ExitStack

    def call(self, caller: Phone | None = None, *, display: str = "", extra: str = "", part: str = "") -> Leg:
        """A call to 110, answered."""
        caller = caller or self.stack.enter_context(Phone(CALLER))
        leg = caller.call("110", self.instance.sip_address, display=display, extra=extra, part=part)
        assert leg.code == 200
        return leg

    def lines(self) -> dict[str, int]:
        """Calls by the group that holds them: police lines, minsheng lines."""
        rows = [row.split() for row in self.instance.rx("group show channels").splitlines()]
        groups = [row[1] for row in rows if len(row) == 3 and row[2] == "line"]
        return {group: groups.count(group) for group in groups}


class SceneFactory:
    """Call it with AsteriskSettings' fields to have a scene."""

    def __init__(self, factory: AsteriskFactory, stack: ExitStack) -> None:
        self._factory = factory
        self._stack = stack

    def __call__(
        self, *, police_answers: int = 200, minsheng_answers: int = 200, start: bool = True, **fields: Any
    ) -> Scene:
        police = self._stack.enter_context(Phone("p101", on_invite=police_answers))
        minsheng = self._stack.enter_context(Phone("m201", on_invite=minsheng_answers))
        chosen = {"police": (police.member(),), "minsheng": (minsheng.member(),), **fields}
        return Scene(self._factory(start=start, **chosen), police, minsheng, self._stack)


@pytest.fixture
def scene(asterisk_factory: AsteriskFactory) -> Iterator[SceneFactory]:
    with ExitStack() as stack:
        yield SceneFactory(asterisk_factory, stack)
