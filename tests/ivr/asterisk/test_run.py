"""The life of an Asterisk: started, adopted, killed and started again, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ivr.asterisk.errors import AsteriskStartFailed, AsteriskUnreachable, FolderUnreachable
from ivr.asterisk.keeper import AsteriskKeeper
from ivr.asterisk.layout import check_reachable
from ivr.asterisk.run import Asterisk
from tests.asterisk_instance import ROOT, AsteriskFactory, AsteriskInstance, free_ports
from tests.ivr.asterisk.conftest import SceneFactory

pytestmark = pytest.mark.telephony


def another_of(instance: AsteriskInstance) -> Asterisk:
    """What a new parent process would make."""
    return Asterisk(instance.install, instance.settings, instance.account)


def user_of(pid: int) -> int:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("Uid:"))
    return int(line.split()[1])


def test_it_runs_as_an_unprivileged_user_in_a_session_of_its_own(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory()
    pid = instance.asterisk.pid
    assert pid is not None
    assert user_of(pid) == instance.account.uid != 0
    assert os.getsid(pid) == pid
    assert Path(f"/proc/{pid}/comm").read_text().strip() == "asterisk"
    assert "Asterisk" in instance.rx("core show version")


def test_secrets_of_our_environment_do_not_reach_it(
    asterisk_factory: AsteriskFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINSHENG110_RECORDS__URL", "postgresql://secret")
    pid = asterisk_factory().asterisk.pid
    assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_secrets_in_its_files_are_not_for_everybody(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory()
    secret = instance.layout.ami_secret(None).get_secret_value()
    holders = [
        p for p in instance.layout.root.rglob("*") if p.is_file() and secret in p.read_text(errors="replace")
    ]
    assert {p.name for p in holders} == {"manager.conf", "ami.secret"}
    for path in holders:
        assert not stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO


def test_a_second_parent_adopts_it(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory()
    second = another_of(instance)
    second.start()
    assert (second.adopted, second.pid) == (True, instance.asterisk.pid)
    assert not instance.asterisk.adopted
    second.stop()
    assert not instance.asterisk.alive()


def test_calls_survive_the_death_of_the_parent(scene: SceneFactory) -> None:
    s = scene(start=False, fastagi_port=free_ports(1)[0])
    instance = s.instance
    program = textwrap.dedent("""
        import os, sys
        from ivr.asterisk.find import inspect, AsteriskInstall
        from ivr.asterisk.layout import Account
        from ivr.asterisk.run import Asterisk
        from ivr.asterisk.settings import AsteriskSettings
        from ivr.asterisk.version import AsteriskVersion
        from pathlib import Path
        binary, modules, data = map(Path, sys.argv[1:4])
        install = AsteriskInstall(binary, modules, data, AsteriskVersion(22, 0))
        Asterisk(install, AsteriskSettings.model_validate_json(sys.argv[4]), Account.choose(None)).start()
        os.kill(os.getpid(), 9)
    """)
    found = instance.install
    done = subprocess.run(
        [sys.executable, "-c", program, found.binary, found.modules_dir, found.data_dir, _as_json(instance)],
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    leg = s.call()
    s.police.wait_for_call()
    instance.asterisk.start()
    assert instance.asterisk.adopted
    instance.asterisk.reload()
    assert "1 active call" in instance.rx("core show channels count")
    assert not leg.ended.is_set()


def _as_json(instance: AsteriskInstance) -> str:
    return instance.settings.model_dump_json()


async def test_the_keeper_starts_it_again_after_a_kill(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory(start=False)
    keeper = AsteriskKeeper(instance.asterisk)
    task = asyncio.create_task(keeper.keep())
    await asyncio.wait_for(keeper.ready.wait(), 30)
    first = instance.asterisk.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    while keeper.restarts == 0:
        await asyncio.sleep(0.01)
    await asyncio.wait_for(keeper.ready.wait(), 30)
    assert instance.asterisk.pid != first
    assert "Asterisk" in await asyncio.to_thread(instance.rx, "core show version")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert instance.asterisk.alive()  # the keeper's end is not Asterisk's


async def test_an_adopted_one_with_a_slow_console_keeps_its_calls(
    asterisk_factory: AsteriskFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = asterisk_factory()
    second = another_of(instance)

    def slow(self: Asterisk, deadline: float) -> None:
        raise AsteriskStartFailed("did not finish booting in time")

    monkeypatch.setattr(Asterisk, "_await_boot", slow)
    keeper = AsteriskKeeper(second)
    task = asyncio.create_task(keeper.keep())
    await asyncio.wait_for(keeper.ready.wait(), 10)
    assert second.adopted
    assert instance.asterisk.alive()
    assert keeper.restarts == 0
    await asyncio.to_thread(instance.asterisk.stop)
    while keeper.restarts == 0:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.to_thread(second.stop)


async def test_one_of_our_own_that_does_not_boot_is_stopped(
    asterisk_factory: AsteriskFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = asterisk_factory(start=False)

    def slow(self: Asterisk, deadline: float) -> None:
        raise AsteriskStartFailed("did not finish booting in time")

    monkeypatch.setattr(Asterisk, "_await_boot", slow)
    keeper = AsteriskKeeper(instance.asterisk)
    task = asyncio.create_task(keeper.keep())
    while keeper.restarts == 0:
        await asyncio.sleep(0.01)
    assert not keeper.ready.is_set()
    monkeypatch.undo()
    await asyncio.wait_for(keeper.ready.wait(), 30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_keeper_tries_a_failing_start_again(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory(start=False)
    with socket.create_server(("127.0.0.1", instance.settings.sip_port)):
        keeper = AsteriskKeeper(instance.asterisk)
        task = asyncio.create_task(keeper.keep())
        while keeper.restarts < 2:
            assert not task.done()
            await asyncio.sleep(0.01)
    await asyncio.wait_for(keeper.ready.wait(), 30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_new_rendering_is_taken_over_by_a_reload(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory()
    changed = instance.render_again(
        police=({"name": "p777", "uri": "sip:p777@127.0.0.1:9"},), minsheng_wait_s=33, minsheng_ring_s=7
    )
    assert not changed.rendered.needs_restart
    assert "extensions.conf" in changed.rendered.changed
    instance.asterisk.reload()
    assert "PJSIP/p777" in instance.rx("queue show police")
    assert "PJSIP/p101" not in instance.rx("queue show police")
    assert "MINSHENG_WAIT=33" in instance.rx("dialplan show globals")
    assert "p777" in instance.rx("pjsip show endpoints")


def test_another_sip_port_needs_a_restart(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory(start=False)
    assert instance.render_again(sip_port=free_ports(1)[0]).rendered.needs_restart
    assert not instance.render_again(sip_port=instance.settings.sip_port).rendered.changed - {
        "pjsip_transport.conf"
    }


def test_a_taken_port_is_named(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory(start=False)
    port = instance.settings.ami_port
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(AsteriskStartFailed, match=f"port {port} "),
    ):
        instance.asterisk.start()
    assert not instance.asterisk.alive()


def test_a_start_that_fails_says_what_asterisk_said(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory(start=False)
    path = instance.layout.etc / "modules.conf"
    path.write_text("[modules]\nautoload = no\nrequire = no_such_module.so\n")
    with pytest.raises(AsteriskStartFailed, match="no_such_module"):
        instance.asterisk.start()


def test_a_stopped_one_does_not_answer(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory()
    instance.asterisk.stop()
    with pytest.raises(AsteriskUnreachable, match=r"asterisk\.ctl"):
        instance.rx("core show version")
    instance.asterisk.stop()
    instance.asterisk.start()
    assert not instance.asterisk.adopted


def test_stopping_waits_for_calls_but_not_for_ever(scene: SceneFactory) -> None:
    s = scene(fastagi_port=free_ports(1)[0])
    leg = s.call()
    s.police.wait_for_call()
    s.instance.asterisk.stop(graceful_s=1.0)
    assert not s.instance.asterisk.alive()
    assert leg.ended.wait(5)


def test_one_that_no_longer_listens_is_killed(asterisk_factory: AsteriskFactory) -> None:
    instance = asterisk_factory()
    assert instance.asterisk.pid is not None
    os.kill(instance.asterisk.pid, signal.SIGSTOP)
    instance.asterisk.stop()
    assert not instance.asterisk.alive()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts Asterisk as somebody else")
def test_a_folder_that_its_user_cannot_enter_is_named(
    asterisk_factory: AsteriskFactory, reachable_tmp: Path
) -> None:
    closed = reachable_tmp / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(FolderUnreachable, match=rf"chmod o\+x {closed}"):
        asterisk_factory(data=closed / "asterisk")
    instance = asterisk_factory()
    with pytest.raises(FolderUnreachable, match=str(closed)):
        check_reachable(closed, instance.account)


def test_several_run_side_by_side(asterisk_factory: AsteriskFactory) -> None:
    one, two = asterisk_factory(), asterisk_factory()
    assert one.asterisk.pid != two.asterisk.pid
    one.asterisk.stop()
    assert two.asterisk.alive()
