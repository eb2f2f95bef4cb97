"""The same server with a real Asterisk and a real caller: what the pretended peer of the other tests stands for."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ivr.audiosocket.frames import FRAME_BYTES, Audio, HungUp, Key
from ivr.softphone.caller import Caller
from tests import asterisk_instance
from tests.ivr.softphone.sounds import tone

if TYPE_CHECKING:
    from ivr.audiosocket.server import AudioSocketServer
    from ivr.audiosocket.session import AudioSession

pytestmark = pytest.mark.telephony
asterisk_install = asterisk_instance.asterisk_install
asterisk_factory = asterisk_instance.asterisk_factory
reachable_tmp = asterisk_instance.reachable_tmp

CALL = uuid.UUID("7d3f7a52-5a4e-4f0e-9c1e-0123456789ab")
DIALPLAN = """
[carrier](+)
exten => 900,1,Answer()
 same => n,TryExec(AudioSocket({call},127.0.0.1:{port}))
 same => n,NoOp(left AudioSocket: ${{TRYSTATUS}})
 same => n,Wait(10)
"""


@pytest.fixture
async def instance(
    asterisk_factory: Callable[..., asterisk_instance.AsteriskInstance], reachable_tmp: Path, port: int
) -> asterisk_instance.AsteriskInstance:
    """An Asterisk whose number 900 is nothing but AudioSocket()."""
    dialplans = reachable_tmp / "dialplans"
    shutil.copytree(asterisk_instance.ROOT / "dialplans", dialplans)
    (dialplans / "audio.conf").write_text(DIALPLAN.format(call=CALL, port=port))
    return await asyncio.to_thread(asterisk_factory, dialplans=dialplans)


def hertz(pcm: bytes) -> float:
    """The loudest frequency of a piece of sound."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * 8000 / len(samples))


def prompt(frequency: float, seconds: float) -> bytes:
    at = np.arange(int(8000 * seconds)) / 8000
    return np.asarray(8000 * np.sin(2 * np.pi * frequency * at)).astype("<i2").tobytes()


async def heard(session: AudioSession, seconds: float) -> bytes:
    pcm = b""
    while len(pcm) < seconds * 16000:
        event = await anext(session)
        if isinstance(event, Audio):
            assert len(event.pcm) == FRAME_BYTES
            pcm += event.pcm
    return pcm


async def test_a_call_speaks_hears_presses_and_goes_on(
    server: AudioSocketServer, instance: asterisk_instance.AsteriskInstance
) -> None:
    expected = server.expect(CALL)
    async with Caller(instance.sip_address) as caller:
        await caller.dial("900")
        session = await asyncio.wait_for(expected, 5)

        speaking = asyncio.create_task(caller.speak(tone(440, 1.0)))
        assert hertz((await heard(session, 1.0))[-8000:]) == pytest.approx(440, abs=4)
        await speaking

        assert await session.play(prompt(1000, 0.5)) is True
        await caller.heard.until(lambda: caller.heard.has_tone(1000), 3)

        pressing = asyncio.create_task(caller.press("5"))
        while not isinstance(event := await anext(session), Key):
            pass
        assert event == Key("5")
        await pressing

        playback = session.play(prompt(1500, 10))
        await caller.heard.until(lambda: caller.heard.has_tone(1500), 3)
        playback.stop()
        await asyncio.sleep(0.5)
        assert caller.heard.rms(since=asyncio.get_running_loop().time() - 0.3) < 100, "silence after barge-in"
        assert playback.position_s < 5

        await session.close()
        line = await asyncio.to_thread(instance.wait_for_message, "left AudioSocket")
        assert "SUCCESS" in line, "Asterisk must take our hangup frame for a normal end"
        assert not caller.ended.is_set(), "only the audio is hung up, not the caller"


async def test_a_silent_phone_is_kept_for_longer_than_asterisks_two_seconds(
    server: AudioSocketServer, instance: asterisk_instance.AsteriskInstance
) -> None:
    expected = server.expect(CALL)
    async with Caller(instance.sip_address) as caller:
        await caller.dial("900")
        session = await asyncio.wait_for(expected, 5)
        caller.mute()
        await asyncio.sleep(3.0)
        assert not session.ended
        assert "left AudioSocket" not in instance.messages()
        await session.close()


async def test_a_caller_who_hangs_up_is_the_last_event(
    server: AudioSocketServer, instance: asterisk_instance.AsteriskInstance
) -> None:
    expected = server.expect(CALL)
    async with Caller(instance.sip_address) as caller:
        await caller.dial("900")
        session = await asyncio.wait_for(expected, 5)
        await caller.hang_up()
        async with asyncio.timeout(5):
            events = [event async for event in session]
    assert events[-1] == HungUp()
    assert session.ended
