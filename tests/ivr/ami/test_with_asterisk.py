"""The client and the bridge with a real Asterisk's manager interface and queues. Calls come over Local channels."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from ivr.ami.bridge import BRIDGE_EVENTS, CallBridge, CallHappening, HappeningKind
from ivr.ami.client import AmiClient
from ivr.ami.errors import AmiRefused
from tests.asterisk_instance import ROOT, asterisk_factory, asterisk_install, reachable_tmp
from tests.ivr.ami.manager_side import BreakingProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.asterisk_instance import AsteriskFactory, AsteriskInstance
    from tests.ivr.ami.conftest import Heard

    Start = Callable[[], AsteriskInstance]

__all__ = ["asterisk_factory", "asterisk_install", "reachable_tmp"]

pytestmark = pytest.mark.telephony

CALL = "3f2b8c1e5d6a4f7b9c0d1e2f3a4b5c6d"
MEMBER = "Local/agent@ami-test/n"
DIALPLAN = f"""
[ami-test]
exten => queue,1,Answer()
 same => n,Set(__CALL_ID={CALL})
 same => n,Queue(police,tcC,,,20)
 same => n,Hangup()
exten => again,1,Queue(police,tcC,,,20)
exten => agent,1,Wait(0.2)
 same => n,Answer()
 same => n,Wait(60)
exten => caller,1,Wait(60)
exten => impatient,1,Wait(0.5)
"""


class Bridged:
    """What a bridge makes of a client's events."""

    def __init__(self) -> None:
        self.bridge = CallBridge()
        self.happenings: list[CallHappening] = []
        self._changed = threading.Condition()

    def take(self, event: object) -> None:
        happening = self.bridge.translate(event)  # type: ignore[arg-type]
        if happening is not None:
            with self._changed:
                self.happenings.append(happening)
                self._changed.notify_all()

    @property
    def kinds(self) -> list[HappeningKind]:
        return [happening.kind for happening in self.happenings]

    def until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, 20), f"only {self.happenings}"


@pytest.fixture
def instance(
    asterisk_factory: AsteriskFactory,
    reachable_tmp: Path,
) -> AsteriskInstance:
    dialplans = reachable_tmp / "dialplans"
    shutil.copytree(ROOT / "dialplans", dialplans)
    (dialplans / "zz-ami-test.conf").write_text(DIALPLAN, encoding="utf-8")
    return asterisk_factory(dialplans=dialplans)


@pytest.fixture
def credentials(instance: AsteriskInstance) -> tuple[str, str]:
    settings = instance.settings
    return settings.ami_user, instance.layout.ami_secret(settings.ami_secret).get_secret_value()


@pytest.fixture
def bridged() -> Bridged:
    return Bridged()


@pytest.fixture
def client(
    instance: AsteriskInstance, credentials: tuple[str, str], heard: Heard, bridged: Bridged
) -> Iterator[AmiClient]:
    made = AmiClient(
        "127.0.0.1",
        instance.settings.ami_port,
        *credentials,
        bridged.take,
        heard.take,
        events=BRIDGE_EVENTS,
    )
    made.start()
    heard.until(lambda: heard.states == [True])
    yield made
    made.close()


def call(client: AmiClient, caller: str = "caller", name: str = "x") -> None:
    client.action(
        "Originate",
        Channel="Local/queue@ami-test/n",
        Context="ami-test",
        Exten=caller,
        Priority=1,
        CallerID=f'"{name}" <13800138000>',
        Async="true",
    )


def with_agent(instance: AsteriskInstance) -> None:
    """Beside the configured dispatchers, whose phones are not there."""
    instance.rx(f"queue add member {MEMBER} to police")


def test_a_call_from_the_queue_to_its_end(
    client: AmiClient, instance: AsteriskInstance, bridged: Bridged
) -> None:
    with_agent(instance)
    call(client)
    bridged.until(lambda: HappeningKind.ANSWERED in bridged.kinds)
    channels = instance.rx("core show channels concise")
    own = next(
        line.split("!")[0] for line in channels.splitlines() if "!queue!" in line and "!Queue!" in line
    )
    instance.rx(f"channel request hangup {own}")
    bridged.until(lambda: HappeningKind.ENDED in bridged.kinds)
    told = [(h.kind, h.queue, h.member) for h in bridged.happenings if h.member in {MEMBER, ""}]
    assert told == [
        (HappeningKind.QUEUED, "police", ""),
        (HappeningKind.RINGING, "police", MEMBER),
        (HappeningKind.LEFT_QUEUE, "police", ""),
        (HappeningKind.ANSWERED, "police", MEMBER),
        (HappeningKind.ENDED, "", ""),
    ]
    assert {happening.call_id for happening in bridged.happenings} == {CALL}
    assert bridged.happenings[-1].cause == 16
    assert [happening.at for happening in bridged.happenings] == sorted(h.at for h in bridged.happenings)


def test_a_caller_who_does_not_wait(client: AmiClient, bridged: Bridged) -> None:
    call(client, caller="impatient")
    bridged.until(lambda: HappeningKind.ENDED in bridged.kinds)
    assert bridged.kinds[0] is HappeningKind.QUEUED
    assert bridged.kinds.count(HappeningKind.ABANDONED) == 1
    assert bridged.kinds.count(HappeningKind.ENDED) == 1
    assert HappeningKind.ANSWERED not in bridged.kinds


def test_a_caller_brought_back_into_the_queue_is_the_same_call(
    client: AmiClient, instance: AsteriskInstance, bridged: Bridged
) -> None:
    with_agent(instance)
    call(client)
    bridged.until(lambda: HappeningKind.ANSWERED in bridged.kinds)
    channels = instance.rx("core show channels concise")
    own = next(
        line.split("!")[0] for line in channels.splitlines() if "!queue!" in line and "!Queue!" in line
    )
    client.action("Redirect", Channel=own, Context="ami-test", Exten="again", Priority=1)
    bridged.until(lambda: bridged.kinds.count(HappeningKind.ANSWERED) == 2)
    assert HappeningKind.ENDED not in bridged.kinds
    instance.rx(f"channel request hangup {own}")
    bridged.until(lambda: HappeningKind.ENDED in bridged.kinds)
    assert bridged.kinds.count(HappeningKind.QUEUED) == 2
    assert bridged.kinds.count(HappeningKind.ENDED) == 1
    assert {happening.call_id for happening in bridged.happenings} == {CALL}


def test_a_hostile_callers_name_brings_no_headers(client: AmiClient, bridged: Bridged) -> None:
    call(client, caller="impatient", name="x\u2028ChanVariable: CALL_ID=stolen-call-id\u2028Uniqueid: 1")
    bridged.until(lambda: HappeningKind.ENDED in bridged.kinds)
    assert {happening.call_id for happening in bridged.happenings} == {CALL}


def test_actions_and_refusals(client: AmiClient) -> None:
    assert client.action("Ping").status == "Success"
    with pytest.raises(AmiRefused, match=r"(?i)no such channel|does not exist|not exist"):
        client.action("Redirect", Channel="PJSIP/none-1", Context="police", Exten="s", Priority=1)
    with pytest.raises(AmiRefused, match=r"(?i)permission"):
        client.action("Command", Command="core stop now")


def test_a_wrong_password(instance: AsteriskInstance, heard: Heard, until: Callable[..., None]) -> None:
    client = AmiClient(
        "127.0.0.1", instance.settings.ami_port, instance.settings.ami_user, "wrong", heard.take, heard.take
    )
    client.start()
    until(lambda: isinstance(client.fault, AmiRefused))
    client.close()
    assert heard.items == []


@pytest.mark.parametrize("how", ["fin", "reset", "black hole"])
def test_broken_connections_come_back(
    instance: AsteriskInstance, credentials: tuple[str, str], heard: Heard, bridged: Bridged, how: str
) -> None:
    proxy = BreakingProxy(instance.settings.ami_port)
    client = AmiClient(
        "127.0.0.1",
        proxy.port,
        *credentials,
        bridged.take,
        heard.take,
        timeout_s=0.5,
        ping_every_s=0.1,
        backoff_s=(0.05, 0.2),
    )
    client.start()
    heard.until(lambda: heard.states == [True])
    if how == "black hole":
        proxy.black_hole.set()
        heard.until(lambda: heard.states == [True, False])
        proxy.black_hole.clear()
    else:
        proxy.cut(reset=how == "reset")
    heard.until(lambda: heard.states == [True, False, True])
    call(client, caller="impatient")
    bridged.until(lambda: HappeningKind.ENDED in bridged.kinds)
    client.close()
    proxy.close()


def test_asterisk_is_restarted(
    client: AmiClient, instance: AsteriskInstance, heard: Heard, bridged: Bridged
) -> None:
    instance.asterisk.stop()
    heard.until(lambda: heard.states == [True, False])
    instance.asterisk.start()
    heard.until(lambda: heard.states == [True, False, True], within_s=30)
    call(client, caller="impatient")
    bridged.until(lambda: HappeningKind.ENDED in bridged.kinds)
