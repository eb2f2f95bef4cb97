import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.softphone import dtmf, rtp
from ivr.softphone.dtmf import GAP_FRAMES, PRESS_FRAMES
from ivr.softphone.outgoing import SILENT_FRAME, OutgoingStream, Voice
from ivr.softphone.rtp import FRAME_BYTES, Packetiser, RtpPacket
from ivr.softphone.sdp import AudioDescription, Direction

THEM = AudioDescription("127.0.0.1", 4000)
HELD = AudioDescription("127.0.0.1", 4000, direction=Direction.SEND)


def ticks(stream: OutgoingStream, count: int, remote: AudioDescription = THEM) -> list[RtpPacket | None]:
    packets = (stream.tick(remote) for _ in range(count))
    return [None if packet is None else rtp.parse(packet) for packet in packets]


def said(packets: list[RtpPacket | None]) -> bytes:
    return b"".join(packet.payload for packet in packets if packet and packet.payload_type == 8)


def test_an_idle_line_carries_silence() -> None:
    packets = ticks(OutgoingStream(), 5)
    assert said(packets) == SILENT_FRAME * 5
    assert [packet.marker for packet in packets if packet] == [True] + [False] * 4


def test_a_muted_line_carries_nothing_but_time() -> None:
    stream = OutgoingStream(Packetiser(sequence=1, timestamp=0))
    stream.muted = True
    assert ticks(stream, 5) == [None] * 5
    stream.muted = False
    (packet,) = ticks(stream, 1)
    assert packet is not None
    assert (packet.sequence, packet.timestamp, packet.marker) == (1, 5 * FRAME_BYTES, True)


@given(st.binary(min_size=1, max_size=5 * FRAME_BYTES))
def test_every_byte_said_is_sent_once_in_order(voice: bytes) -> None:
    stream, done = OutgoingStream(), []
    frames = -(-len(voice) // FRAME_BYTES)
    stream.say(Voice(voice, lambda: done.append(1)))
    assert said(ticks(stream, frames - 1)) == voice[: (frames - 1) * FRAME_BYTES]
    assert not done
    last = said(ticks(stream, 1))
    assert last == voice[(frames - 1) * FRAME_BYTES :].ljust(FRAME_BYTES, b"\xd5")
    assert done == [1]
    assert said(ticks(stream, 1)) == SILENT_FRAME


def test_a_muted_phone_still_speaks() -> None:
    stream = OutgoingStream()
    stream.muted = True
    stream.say(Voice(b"a" * FRAME_BYTES, lambda: None))
    assert said(ticks(stream, 3)) == b"a" * FRAME_BYTES


def test_what_is_said_next_waits() -> None:
    stream = OutgoingStream()
    for letter in (b"a", b"b"):
        stream.say(Voice(letter * 2 * FRAME_BYTES, lambda: None))
    assert said(ticks(stream, 4))[::FRAME_BYTES] == b"aabb"


def test_what_is_unsaid_stops_at_once() -> None:
    stream = OutgoingStream()
    voice = Voice(b"a" * 10 * FRAME_BYTES, lambda: None)
    stream.say(voice)
    assert said(ticks(stream, 1))[:1] == b"a"
    stream.unsay(voice)
    stream.unsay(voice)
    assert said(ticks(stream, 1)) == SILENT_FRAME


def test_a_key_interrupts_the_voice_and_loses_nothing_of_it() -> None:
    stream = OutgoingStream(Packetiser(timestamp=0))
    stream.say(Voice(b"a" * 2 * FRAME_BYTES, lambda: None))
    ticks(stream, 1)
    stream.press("5", lambda: None)
    packets = ticks(stream, PRESS_FRAMES + 2 + GAP_FRAMES + 1)
    keys = [packet for packet in packets if packet and packet.payload_type == 101]
    assert {dtmf.parse(key.payload).digit for key in keys} == {"5"}
    assert {key.timestamp for key in keys} == {FRAME_BYTES}
    assert [key.marker for key in keys] == [True] + [False] * (len(keys) - 1)
    assert said(packets)[-FRAME_BYTES:] == b"a" * FRAME_BYTES


def test_keys_are_pressed_one_after_the_other() -> None:
    stream, done = OutgoingStream(), []
    for digit in "12":
        stream.press(digit, lambda digit=digit: done.append(digit))  # type: ignore[misc]
    packets = ticks(stream, 40)
    keys = [packet for packet in packets if packet and packet.payload_type == 101]
    assert [dtmf.parse(key.payload).digit for key in keys] == ["1"] * 7 + ["2"] * 7
    assert len({key.timestamp for key in keys}) == 2
    assert done == ["1", "2"]


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        OutgoingStream().press("x", lambda: None)


def test_keys_that_the_far_end_does_not_take_are_over_soon() -> None:
    stream, done = OutgoingStream(), []
    stream.press("1", lambda: done.append(1))
    deaf = AudioDescription("127.0.0.1", 4000, event_type=None)
    packets = ticks(stream, GAP_FRAMES, deaf)
    assert done == [1]
    assert {packet.payload_type for packet in packets if packet} == {8}


def test_on_hold_nothing_is_sent_and_time_passes() -> None:
    stream, done = OutgoingStream(Packetiser(timestamp=0)), []
    stream.say(Voice(b"a" * 3 * FRAME_BYTES, lambda: done.append(1)))
    assert ticks(stream, 3, HELD) == [None] * 3
    assert done == [1]
    (packet,) = ticks(stream, 1)
    assert packet is not None
    assert packet.timestamp == 3 * FRAME_BYTES


def test_the_far_ends_own_types_are_used() -> None:
    stream = OutgoingStream()
    other = AudioDescription("127.0.0.1", 4000, pcma_type=96, event_type=97)
    stream.press("1", lambda: None)
    packets = ticks(stream, 20, other)
    assert {packet.payload_type for packet in packets if packet} == {96, 97}


def test_sequence_numbers_have_no_holes() -> None:
    stream = OutgoingStream(Packetiser(sequence=10))
    stream.press("1", lambda: None)
    sequences = [packet.sequence for packet in ticks(stream, 20) if packet]
    assert sequences == list(range(10, 30))
