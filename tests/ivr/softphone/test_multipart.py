import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.softphone.errors import SipParseError
from ivr.softphone.message import Headers, SipRequest
from ivr.softphone.multipart import MAX_PARTS, BodyPart, content_of, join, media_type, parts_of, split

TYPES = st.sampled_from(["application/sdp", "application/pidf+xml", "text/plain;charset=utf-8"])
PARTS = st.lists(
    st.builds(
        lambda kind, content: BodyPart(Headers((("Content-Type", kind),)), content),
        TYPES,
        st.binary(max_size=80),
    ),
    min_size=1,
    max_size=MAX_PARTS,
)


def multi(body: bytes, content_type: str = "multipart/mixed;boundary=bd") -> tuple[BodyPart, ...]:
    return split(content_type, body)


@given(PARTS)
def test_parts_come_back_as_they_were(parts: list[BodyPart]) -> None:
    content_type, body = join(parts)
    assert list(split(content_type, body)) == parts


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for data in (body, b"--bd" + body, b"--bd\r\n" + body + b"\r\n--bd--"):
        try:
            assert all(isinstance(part.content, bytes) for part in multi(data))
        except SipParseError:
            continue


def test_a_single_body_is_its_own_part() -> None:
    message = SipRequest("INVITE", "sip:x", Headers((("Content-Type", "application/SDP; x=1"),)), b"v=0")
    (part,) = parts_of(message)
    assert (part.content_type, part.content) == ("application/sdp", b"v=0")


def test_no_body_has_no_parts() -> None:
    assert parts_of(SipRequest("BYE", "sip:x")) == ()


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/mixed;boundary=bd",
        'multipart/mixed; boundary="bd"',
        "Multipart/Related ; type=x; BOUNDARY = bd",
    ],
)
def test_the_boundary_is_found_however_it_is_written(content_type: str) -> None:
    body = b"preamble\r\n--bd\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--bd--\r\nepilogue"
    (part,) = multi(body, content_type)
    assert part.content == b"v=0"


def test_white_space_may_follow_a_boundary() -> None:
    assert multi(b"--bd  \r\n\r\nx\r\n--bd--")[0].content == b"x"


def test_a_part_may_have_no_headers() -> None:
    (part,) = multi(b"--bd\r\n\r\nx\r\n--bd--")
    assert (part.content_type, part.content) == ("", b"x")


def test_a_part_keeps_its_own_line_breaks() -> None:
    assert multi(b"--bd\r\n\r\n\r\nx\r\n\r\n--bd--")[0].content == b"\r\nx\r\n"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", b"--bd\r\n\r\nx\r\n--bd--"),
        ('multipart/mixed;boundary=""', b"--\r\n\r\nx\r\n----"),
        ("multipart/mixed;boundary=bd", b"nothing"),
        ("multipart/mixed;boundary=bd", b"--bd\r\n\r\nx"),
        ("multipart/mixed;boundary=bd", b"--bd"),
        ("multipart/mixed;boundary=bd", b"--bd\r\nContent-Type: x\r\n--bd--"),
        ("multipart/mixed;boundary=bd", b"--bd\r\nno header\r\n\r\nx\r\n--bd--"),
        ("multipart/mixed;boundary=bd", b"\r\n--bd\r\n\r\nx" * (MAX_PARTS + 1) + b"\r\n--bd--"),
        ("multipart/mixed;boundary=" + "b" * 71, b"--" + b"b" * 71 + b"\r\n\r\nx"),
    ],
)
def test_a_broken_body_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(SipParseError):
        split(content_type, body)


def test_a_part_is_found_by_its_type() -> None:
    parts = [
        BodyPart(Headers((("Content-Type", "application/sdp"),)), b"v=0"),
        BodyPart(Headers((("Content-Type", "application/pidf+xml;charset=utf-8"),)), b"<x/>"),
    ]
    content_type, body = join(parts)
    message = SipRequest("INVITE", "sip:x", Headers((("Content-Type", content_type),)), body)
    assert content_of(message, "application/pidf+xml") == b"<x/>"
    assert content_of(message, "application/sdp") == b"v=0"
    assert content_of(message, "text/plain") == b""


def test_two_bodies_have_two_boundaries() -> None:
    assert join([BodyPart()])[0] != join([BodyPart()])[0]


def test_media_types_compare_without_case_and_parameters() -> None:
    assert media_type(" Application/SDP ;x=1") == "application/sdp"
