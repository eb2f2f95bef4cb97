import asyncio
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.g711 import alaw_decode
from ivr.softphone.outgoing import SILENT_FRAME
from ivr.softphone.recording import Recording
from ivr.softphone.rtp import FRAME_BYTES, RtpPacket
from tests.ivr.softphone.sounds import tone


def packet(sequence: int, payload: bytes = b"", ssrc: int = 1) -> RtpPacket:
    return RtpPacket(8, sequence % 2**16, 0, ssrc, payload or bytes([sequence % 251]) * FRAME_BYTES)


def recorded(alaw: bytes, begin_s: float = 0.0) -> Recording:
    recording = Recording()
    for number in range(len(alaw) // FRAME_BYTES):
        frame = alaw[number * FRAME_BYTES : (number + 1) * FRAME_BYTES]
        recording.accept(packet(number, frame), begin_s + number * 0.02)
    return recording


def test_sound_comes_out_as_it_went_in() -> None:
    alaw = tone(440, 0.2)
    recording = recorded(alaw)
    assert recording.alaw() == alaw
    assert np.array_equal(recording.pcm(), alaw_decode(alaw))
    assert recording.lost == 0


def test_a_stretch_of_time_is_cut_out() -> None:
    recording = recorded(tone(440, 0.2), begin_s=100.0)
    assert len(recording.alaw(since=100.05)) == 7 * FRAME_BYTES
    assert len(recording.alaw(until=100.05)) == 3 * FRAME_BYTES
    assert len(recording.alaw(100.03, 100.07)) == 2 * FRAME_BYTES
    assert recording.arrivals(100.15) == (100.16, 100.18)


@given(st.integers(0, 65535), st.permutations(range(8)))
def test_frames_come_back_into_order(first: int, order: list[int]) -> None:
    recording = Recording()
    recording.accept(packet(first - 1, b"." * FRAME_BYTES), 0.0)
    for number in order:
        recording.accept(packet(first + number, bytes([number]) * FRAME_BYTES), 0.0)
    assert recording.alaw()[::FRAME_BYTES] == b"." + bytes(range(8))
    assert recording.lost == 0


@given(st.sets(st.integers(1, 60)), st.integers(0, 65535))
def test_what_never_came_is_counted(missing: set[int], first: int) -> None:
    recording = Recording()
    for number in range(62):
        if number not in missing:
            recording.accept(packet(first + number), 0.0)
    assert recording.lost == len(missing)


def test_a_frame_that_comes_twice_counts_once() -> None:
    recording = Recording()
    for number in (1, 2, 2, 1, 3):
        recording.accept(packet(number), 0.0)
    assert len(recording.alaw()) == 3 * FRAME_BYTES
    assert recording.lost == 0


def test_a_new_sender_is_a_new_stream_behind_the_old() -> None:
    recording = Recording()
    recording.accept(packet(500, b"a" * FRAME_BYTES, ssrc=1), 0.0)
    recording.accept(packet(3, b"b" * FRAME_BYTES, ssrc=2), 0.1)
    assert recording.alaw()[::FRAME_BYTES] == b"ab"
    assert recording.lost == 0


def test_a_restart_is_no_loss() -> None:
    recording = Recording()
    recording.accept(packet(1), 0.0)
    recording.accept(packet(20_000), 0.1)
    assert recording.lost == 0


def test_keys_take_sequence_numbers_too() -> None:
    recording = Recording()
    recording.accept(packet(1), 0.0)
    recording.accept_key(RtpPacket(101, 2, 0, 1, b""), "5")
    recording.accept_key(RtpPacket(101, 3, 0, 1, b""), "")
    recording.accept(packet(4), 0.0)
    assert (recording.digits, recording.lost) == ("5", 0)


def test_loudness_of_a_sine() -> None:
    assert recorded(tone(440, 0.5, peak=8000)).rms() == pytest.approx(8000 / math.sqrt(2), rel=0.02)
    assert recorded(SILENT_FRAME * 10).rms() < 10
    assert Recording().rms() == 0.0


@pytest.mark.parametrize(("hertz", "heard"), [(440, True), (455, True), (700, False), (880, False)])
def test_a_tone_is_told_from_others(hertz: int, *, heard: bool) -> None:
    assert recorded(tone(440, 0.3)).has_tone(hertz) is heard


def test_noise_and_silence_are_no_tone() -> None:
    noise = np.random.default_rng(1).integers(0, 256, 4000, dtype=np.uint8).tobytes()
    assert not recorded(noise).has_tone(440)
    assert not recorded(SILENT_FRAME * 20).has_tone(440)
    assert not recorded(tone(440, 0.06)).has_tone(440)
    assert not Recording().has_tone(440)


def test_a_short_tone_in_much_silence_is_heard() -> None:
    assert recorded(SILENT_FRAME * 23 + tone(700, 0.2) + SILENT_FRAME * 50).has_tone(700)
    assert not recorded(SILENT_FRAME * 23 + tone(700, 0.2) + SILENT_FRAME * 50).has_tone(700, since=0.8)


async def test_waiting_for_what_is_heard() -> None:
    recording = Recording()
    waits = [
        asyncio.create_task(recording.until(lambda: len(recording.alaw()) > FRAME_BYTES, 5)),
        asyncio.create_task(recording.until(lambda: recording.digits == "1", 5)),
    ]
    await asyncio.sleep(0)
    recording.accept(packet(1), 0.0)
    recording.accept(packet(2), 0.0)
    await waits[0]
    assert not waits[1].done()
    recording.accept_key(packet(3), "1")
    await waits[1]


async def test_what_is_true_already_is_not_waited_for() -> None:
    await Recording().until(lambda: True, 0.001)


async def test_waiting_has_an_end() -> None:
    with pytest.raises(TimeoutError):
        await Recording().until(lambda: False, 0.01)


def test_old_sound_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.softphone.recording.KEPT_FRAMES", 10)
    recording = Recording()
    for number in range(25):
        recording.accept(packet(number), float(number))
    assert recording.arrivals()[0] > 0
    assert 10 <= len(recording.arrivals()) <= 20
    assert recording.arrivals()[-1] == 24.0
