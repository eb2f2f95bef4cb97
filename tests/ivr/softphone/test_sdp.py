import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.softphone import sdp
from ivr.softphone.errors import SdpError
from ivr.softphone.sdp import AudioDescription, Direction

OFFER = b"""v=0
o=- 1 1 IN IP4 10.0.0.1
s=-
c=IN IP4 10.0.0.1
t=0 0
m=audio 21000 RTP/AVP 8 0 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
"""


def test_an_offer_is_read() -> None:
    assert sdp.parse(OFFER) == AudioDescription("10.0.0.1", 21000)


def test_line_ends_do_not_matter() -> None:
    assert sdp.parse(OFFER.replace(b"\n", b"\r\n")) == sdp.parse(OFFER)


@given(st.integers(1, 65535), st.integers(0, 2**31))
def test_our_own_offer_is_read_back(port: int, session: int) -> None:
    assert sdp.parse(sdp.offer("127.0.0.1", port, session)) == AudioDescription("127.0.0.1", port)


@given(
    st.builds(
        AudioDescription,
        st.just("127.0.0.1"),
        st.integers(1, 65535),
        st.sampled_from([8, 96, 127]),
        st.sampled_from([None, 97, 101]),
        st.sampled_from(list(Direction)),
    )
)
def test_an_answer_mirrors_its_offer(theirs: AudioDescription) -> None:
    ours = sdp.parse(sdp.answer(theirs, "127.0.0.2", 4000, 1))
    assert (ours.host, ours.port) == ("127.0.0.2", 4000)
    assert (ours.pcma_type, ours.event_type) == (theirs.pcma_type, theirs.event_type)
    assert ours.direction.mirrored == theirs.direction


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for data in (body, OFFER + body, OFFER[:60] + body + OFFER[60:]):
        try:
            assert 0 < sdp.parse(data).port <= 65535
        except SdpError:
            continue


def test_the_streams_own_address_wins() -> None:
    assert sdp.parse(OFFER + b"c=IN IP4 10.0.0.2\n").host == "10.0.0.2"


def test_a_static_type_needs_no_rtpmap() -> None:
    assert sdp.parse(OFFER.replace(b"a=rtpmap:8 PCMA/8000\n", b"")).pcma_type == 8


def test_a_dynamic_type_may_carry_alaw() -> None:
    data = OFFER.replace(b"AVP 8 0 101", b"AVP 0 96 101").replace(b"a=rtpmap:8 ", b"a=rtpmap:96 ")
    assert sdp.parse(data).pcma_type == 96


def test_without_telephone_events_there_are_none() -> None:
    assert sdp.parse(OFFER.replace(b" 101\n", b"\n")).event_type is None


def test_events_of_another_clock_are_not_ours() -> None:
    assert sdp.parse(OFFER.replace(b"telephone-event/8000", b"telephone-event/48000")).event_type is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"AVP 8 0", b"AVP 0"),
        (b"RTP/AVP", b"RTP/SAVP"),
        (b"audio 21000", b"audio 0"),
        (b"audio 21000", b"audio 70000"),
        (b"audio 21000", b"video 21000"),
        (b"c=IN IP4 10.0.0.1", b"c=IN IP4 evil.example"),
        (b"c=IN IP4 10.0.0.1", b"c=IN IP4 10.0.0.256"),
        (b"c=IN IP4 10.0.0.1\n", b""),
        (b"m=audio", b"x=audio"),
    ],
)
def test_an_offer_we_cannot_take_is_refused(before: bytes, after: bytes) -> None:
    assert before in OFFER
    with pytest.raises(SdpError):
        sdp.parse(OFFER.replace(before, after))


def test_endless_sdp_is_refused() -> None:
    with pytest.raises(SdpError):
        sdp.parse(OFFER + b"a=x\n" * sdp.MAX_LINES)


@pytest.mark.parametrize(
    ("line", "listens"),
    [(b"sendrecv", True), (b"recvonly", True), (b"sendonly", False), (b"inactive", False)],
)
def test_who_is_on_hold_does_not_listen(line: bytes, *, listens: bool) -> None:
    assert sdp.parse(OFFER.replace(b"sendrecv", line)).listens is listens


def test_the_old_way_of_holding_counts_too() -> None:
    assert not sdp.parse(OFFER.replace(b"c=IN IP4 10.0.0.1", b"c=IN IP4 0.0.0.0")).listens


def test_other_media_are_declined_in_their_place() -> None:
    data = OFFER.replace(b"m=audio", b"m=video 5000 RTP/AVP 96\na=x\nm=audio") + b"m=image 6000 udptl t38\n"
    theirs = sdp.parse(data)
    lines = sdp.answer(theirs, "127.0.0.1", 4000, 1).decode().splitlines()
    assert [line for line in lines if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 96",
        "m=audio 4000 RTP/AVP 8 101",
        "m=image 0 udptl t38",
    ]


def test_an_ipv6_side_says_so() -> None:
    assert b"c=IN IP6 ::1\r\n" in sdp.offer("::1", 4000, 1)
