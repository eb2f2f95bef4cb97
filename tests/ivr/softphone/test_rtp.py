import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.softphone import rtp
from ivr.softphone.errors import RtpParseError
from ivr.softphone.rtp import Packetiser, RtpPacket

PACKETS = st.builds(
    RtpPacket,
    st.integers(0, 127),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=200),
    st.booleans(),
)
PLAIN = RtpPacket(8, 1, 160, 7, b"abcd").serialise()


@given(PACKETS)
def test_a_packet_is_read_back(packet: RtpPacket) -> None:
    assert rtp.parse(packet.serialise()) == packet


@given(st.binary(max_size=120))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with contextlib.suppress(RtpParseError):
        assert len(rtp.parse(data).payload) <= len(data)


@given(st.integers(0x80, 0xBF), st.binary(max_size=80))
def test_no_lengths_lead_out_of_the_packet(first: int, rest: bytes) -> None:
    data = bytes([first]) + PLAIN[1:12] + rest
    with contextlib.suppress(RtpParseError):
        assert rtp.parse(data).payload in rest


def test_contributors_are_skipped() -> None:
    data = bytes([0x82]) + PLAIN[1:12] + b"\x00" * 8 + b"abcd"
    assert rtp.parse(data).payload == b"abcd"


def test_an_extension_is_skipped() -> None:
    data = bytes([0x90]) + PLAIN[1:12] + b"\xbe\xde\x00\x01" + b"\x00" * 4 + b"abcd"
    assert rtp.parse(data).payload == b"abcd"


def test_padding_is_cut_off() -> None:
    data = bytes([0xA0]) + PLAIN[1:] + b"\x00\x00\x03"
    assert rtp.parse(data).payload == b"abcd"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PLAIN[:11],
        bytes([0x40]) + PLAIN[1:],
        bytes([0x8F]) + PLAIN[1:],
        bytes([0x90]) + PLAIN[1:12],
        bytes([0x90]) + PLAIN[1:12] + b"\x00\x00\xff\xff",
        bytes([0xA0]) + PLAIN[1:] + b"\xff",
        bytes([0xA0]) + PLAIN[1:] + b"\x00",
    ],
)
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    with pytest.raises(RtpParseError):
        rtp.parse(data)


def test_counters_go_round() -> None:
    packets = Packetiser(sequence=0xFFFF, timestamp=0xFFFF_FFFF - 100, ssrc=5)
    first = rtp.parse(packets.packet(8, b"a"))
    packets.advance()
    second = rtp.parse(packets.packet(8, b"b", marker=True))
    assert (first.sequence, second.sequence) == (0xFFFF, 0)
    assert (second.timestamp - first.timestamp) % 2**32 == 160
    assert second.timestamp < 160
    assert (first.marker, second.marker) == (False, True)


def test_an_event_keeps_its_starts_timestamp() -> None:
    packets = Packetiser(timestamp=1000)
    packets.advance()
    assert rtp.parse(packets.packet(101, b"", at=1000)).timestamp == 1000


def test_two_streams_begin_elsewhere() -> None:
    first, second = (rtp.parse(Packetiser().packet(8, b"")) for _ in range(2))
    assert (first.ssrc, first.timestamp) != (second.ssrc, second.timestamp)
