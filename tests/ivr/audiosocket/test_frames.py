from __future__ import annotations

import struct
import uuid
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.audiosocket.errors import LocalProtocolError, RemoteProtocolError
from ivr.audiosocket.frames import (
    FRAME_BYTES,
    MAX_AUDIO_BYTES,
    Audio,
    Event,
    FrameParser,
    HungUp,
    Identified,
    Key,
    RemoteError,
    encode_audio,
    encode_hangup,
)
from tests.ivr.audiosocket.asterisk_peer import frame

CALL = uuid.UUID("0123456789ab4cde8f0123456789abcd")
IDENTITY = frame(0x01, CALL.bytes)


def parse(*chunks: bytes) -> tuple[list[Event], str | None]:
    """The events of these chunks, and the error that ended them."""
    parser, events = FrameParser(), []
    try:
        for chunk in chunks:
            for event in parser.feed(chunk):
                events.append(event)  # noqa: PERF402 - those before an error are wanted too
    except RemoteProtocolError as error:
        return events, str(error)
    return events, None


def test_a_call_from_its_uuid_to_its_hangup() -> None:
    pcm = bytes(range(256)) + bytes(64)
    stream = IDENTITY + frame(0x10, pcm) + frame(0x03, b"5") + frame(0xFF, b"\x04") + frame(0x00)
    assert parse(stream) == ([Identified(CALL), Audio(pcm), Key("5"), RemoteError(4), HungUp()], None)


@pytest.mark.parametrize("digit", list("0123456789*#ABCD"))
def test_every_key_of_a_telephone(digit: str) -> None:
    assert parse(IDENTITY, frame(0x03, digit.encode()))[0][1:] == [Key(digit)]


def test_lower_case_letters_are_the_same_keys() -> None:
    assert parse(IDENTITY, frame(0x03, b"d"))[0][1:] == [Key("D")]


@pytest.mark.parametrize("byte", [b"E", b" ", b"\x00", b"\xb5", b"\xdf", b"\n"])
def test_anything_else_is_no_key(byte: bytes) -> None:
    events, error = parse(IDENTITY, frame(0x03, byte))
    assert events == [Identified(CALL)]
    assert error == f"0x{byte[0]:02x} is no key of a telephone"


def test_an_error_without_a_code() -> None:
    assert parse(IDENTITY, frame(0xFF))[0][1:] == [RemoteError(None)]


def test_an_error_code_is_big_endian() -> None:
    assert parse(IDENTITY, frame(0xFF, b"\x01\x02"))[0][1:] == [RemoteError(0x0102)]


@pytest.mark.parametrize("length", [0, 2, FRAME_BYTES, 160, 2400, MAX_AUDIO_BYTES])
def test_audio_of_any_packet_time_is_taken(length: int) -> None:
    assert parse(IDENTITY, frame(0x10, bytes(length)))[0][1:] == [Audio(bytes(length))]


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (frame(0x10, bytes(320)), "the first frame is not a UUID (kind 0x10)"),
        (frame(0x00), "the first frame is not a UUID (kind 0x00)"),
        (b"GET / HTTP/1.1\r\n\r\n", "the first frame is not a UUID (kind 0x47)"),
        (frame(0x01, bytes(15)), "15 bytes in a frame of kind 0x01; 16 belong there"),
        (frame(0x01, CALL.hex.encode()), "32 bytes in a frame of kind 0x01; 16 belong there"),
    ],
)
def test_a_first_frame_that_is_no_uuid(first: bytes, told: str) -> None:
    assert parse(first) == ([], told)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (IDENTITY, "a second UUID (kind 0x01)"),
        (frame(0x02, b"x"), "unknown kind of frame 0x02"),
        (frame(0x12, bytes(640)), "unknown kind of frame 0x12"),
        (frame(0x00, b"bye"), "3 bytes in a frame of kind 0x00; 0 belong there"),
        (frame(0x03, b"12"), "2 bytes in a frame of kind 0x03; 1 belong there"),
        (frame(0x03), "0 bytes in a frame of kind 0x03; 1 belong there"),
        (frame(0x10, bytes(321)), "audio of 321 bytes is no whole number of 16-bit samples"),
        (frame(0x10, bytes(4802)), "audio of 4802 bytes; at most 4800 are taken"),
        (frame(0xFF, bytes(5)), "an error code of 5 bytes; at most 4 are taken"),
    ],
)
def test_a_wrong_frame_within_a_call(wrong: bytes, told: str) -> None:
    assert parse(IDENTITY + frame(0x03, b"1") + wrong) == ([Identified(CALL), Key("1")], told)


def test_a_wrong_frame_is_refused_by_its_header_alone() -> None:
    assert parse(IDENTITY, b"\x10\xff\xff")[1] == "audio of 65535 bytes; at most 4800 are taken"


def test_after_an_error_the_parser_is_dead() -> None:
    parser = FrameParser()
    with pytest.raises(RemoteProtocolError, match="first frame"):
        list(parser.feed(frame(0x10, b"ab")))
    with pytest.raises(RemoteProtocolError, match="first frame"):
        list(parser.feed(IDENTITY))


def test_what_follows_a_hangup_is_ignored() -> None:
    assert parse(IDENTITY + frame(0x00) + b"\x77garbage", b"more") == ([Identified(CALL), HungUp()], None)


def test_bytes_are_kept_when_the_events_are_not_taken_at_once() -> None:
    parser = FrameParser()
    parser.feed(IDENTITY)
    assert list(parser.feed(frame(0x03, b"#"))) == [Identified(CALL), Key("#")]


def test_views_of_a_reused_buffer_are_copied() -> None:
    buffer, parser = bytearray(IDENTITY + frame(0x10, b"ab")), FrameParser()
    events = list(parser.feed(memoryview(buffer)))
    buffer[:] = bytes(len(buffer))
    assert events == [Identified(CALL), Audio(b"ab")]


frames_of_a_call = st.lists(
    st.one_of(
        st.binary(max_size=400).map(lambda pcm: frame(0x10, pcm[: len(pcm) // 2 * 2])),
        st.sampled_from("0123456789*#ABCD").map(lambda digit: frame(0x03, digit.encode())),
        st.binary(max_size=4).map(lambda code: frame(0xFF, code)),
        st.just(frame(0x00)),
        st.binary(max_size=8),
        st.tuples(st.integers(0, 255), st.binary(max_size=30)).map(lambda wrong: frame(*wrong)),
    ),
    max_size=12,
).map(b"".join)
streams = st.one_of(st.binary(max_size=200), frames_of_a_call.map(lambda rest: IDENTITY + rest))


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[a:b] for a, b in pairwise(marks)]


@given(stream=streams, places=st.lists(st.integers(0, 5000), max_size=20))
def test_any_bytes_in_any_chunking_give_the_same(stream: bytes, places: list[int]) -> None:
    """Only RemoteProtocolError is ever raised (parse catches nothing else), and chunks do not matter."""
    assert parse(*cut(stream, places)) == parse(stream)


@given(stream=streams)
def test_byte_by_byte_gives_the_same(stream: bytes) -> None:
    assert parse(*(bytes((byte,)) for byte in stream)) == parse(stream)


@given(pcm=st.binary(min_size=2, max_size=MAX_AUDIO_BYTES).map(lambda pcm: pcm[: len(pcm) // 2 * 2]))
def test_what_is_encoded_is_what_is_parsed(pcm: bytes) -> None:
    assert parse(IDENTITY + encode_audio(pcm) + encode_hangup()) == (
        [Identified(CALL), Audio(pcm), HungUp()],
        None,
    )


def test_audio_on_the_wire() -> None:
    assert encode_audio(bytes(320)) == struct.pack(">BH", 0x10, 320) + bytes(320)


def test_hangup_on_the_wire() -> None:
    assert encode_hangup() == b"\x00\x00\x00"


@pytest.mark.parametrize("length", [0, 1, 319, MAX_AUDIO_BYTES + 2])
def test_audio_that_asterisk_would_refuse_is_not_encoded(length: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"{length} bytes are no audio frame"):
        encode_audio(bytes(length))
