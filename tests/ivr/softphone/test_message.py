import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr.softphone.errors import HeaderRefused, SipParseError, SoftphoneError
from ivr.softphone.message import (
    MAX_HEADERS,
    MAX_LINE_CHARS,
    MAX_MESSAGE_BYTES,
    Headers,
    SipRequest,
    SipResponse,
    long_name,
    parse,
    serialise,
    split_list,
)

INVITE = (
    b"INVITE sip:110@127.0.0.1:5160 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1;rport\r\n"
    b'From: "\xe5\xbc\xa0\xe4\xb8\x89" <sip:13800138000@127.0.0.1>;tag=a\r\n'
    b"To: <sip:110@127.0.0.1:5160>\r\n"
    b"Call-ID: 1@127.0.0.1\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"v=0\n"
)

TOKENS = st.text(string.ascii_letters + string.digits + "-.!%*_+`'~", min_size=1, max_size=20)
NAMES = TOKENS.filter(lambda name: len(name) > 1 and name.lower() != "content-length")
VALUES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029\x85"), max_size=60
).map(lambda text: text.strip(" \t"))
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=12).map(lambda pairs: Headers(tuple(pairs)))
URIS = st.text(string.ascii_letters + string.digits + ":;@.?=-_<>", min_size=1, max_size=40)
REQUESTS = st.builds(SipRequest, TOKENS, URIS, HEADERS, st.binary(max_size=200))
RESPONSES = st.builds(SipResponse, st.integers(100, 699), VALUES, HEADERS, st.binary(max_size=200))


def with_header(line: bytes) -> bytes:
    return INVITE.replace(b"CSeq: 1 INVITE\r\n", b"CSeq: 1 INVITE\r\n" + line + b"\r\n")


def test_a_request_is_read() -> None:
    invite = parse(INVITE)
    assert isinstance(invite, SipRequest)
    assert (invite.method, invite.uri, invite.body) == ("INVITE", "sip:110@127.0.0.1:5160", b"v=0\n")
    assert invite.headers.get("from") == '"张三" <sip:13800138000@127.0.0.1>;tag=a'
    assert invite.headers.get("CALL-ID") == "1@127.0.0.1"


def test_a_response_is_read() -> None:
    response = parse(b"SIP/2.0 486 Busy Here\r\nCSeq: 1 INVITE\r\n\r\n")
    assert response == SipResponse(486, "Busy Here", Headers((("CSeq", "1 INVITE"),)))


def test_a_response_may_lack_its_words() -> None:
    response = parse(b"SIP/2.0 200\r\nCSeq: 1 INVITE\r\n\r\n")
    assert isinstance(response, SipResponse)
    assert (response.code, response.reason) == (200, "")


@pytest.mark.parametrize(
    ("compact", "name"),
    [
        ("v", "Via"),
        ("f", "From"),
        ("t", "To"),
        ("i", "Call-ID"),
        ("m", "Contact"),
        ("c", "Content-Type"),
        ("r", "Refer-To"),
        ("b", "Referred-By"),
        ("o", "Event"),
        ("k", "Supported"),
        ("V", "Via"),
    ],
)
def test_compact_names_are_long_ones(compact: str, name: str) -> None:
    message = parse(with_header(compact.encode() + b": x-y"))
    assert "x-y" in [value for key, value in message.headers if key == name]
    assert long_name(compact) == name


def test_a_compact_content_length_counts() -> None:
    assert parse(INVITE.replace(b"Content-Length", b"l")).body == b"v=0\n"


def test_a_folded_header_is_one_line() -> None:
    message = parse(with_header(b"Subject: help\r\n  is\r\n\twanted"))
    assert message.headers.get("Subject") == "help is wanted"


def test_white_space_before_the_colon_is_fine() -> None:
    assert parse(with_header(b"Subject \t:  help ")).headers.get("subject") == "help"


def test_bare_line_feeds_are_tolerated() -> None:
    assert parse(INVITE.replace(b"\r\n", b"\n")) == parse(INVITE)


def test_empty_lines_before_the_start_are_ignored() -> None:
    assert parse(b"\r\n\r\n" + INVITE) == parse(INVITE)


def test_broken_utf8_is_no_error() -> None:
    message = parse(INVITE.replace("张三".encode(), "张三".encode("gbk")))
    assert "\ufffd" in message.headers.get("From")
    assert message.headers.get("From").endswith("<sip:13800138000@127.0.0.1>;tag=a")


def test_without_a_length_the_body_goes_to_the_end() -> None:
    assert parse(INVITE.replace(b"Content-Length: 4\r\n", b"")).body == b"v=0\n"


def test_bytes_behind_the_body_are_dropped() -> None:
    assert parse(INVITE + b"more").body == b"v=0\n"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\r\n\r\n",
        b"hello",
        b"hello\r\n\r\n",
        INVITE[:100],
        INVITE.replace(b"SIP/2.0\r\n", b"HTTP/1.1\r\n", 1),
        INVITE.replace(b"INVITE sip", b"INV ITE sip", 1),
        INVITE.replace(b"INVITE ", b"", 1),
        INVITE.replace(b": 4", b": 5"),
        INVITE.replace(b": 4", b": -1"),
        INVITE.replace(b": 4", b": four"),
        INVITE.replace(b": 4", b": \xc2\xb2"),
        INVITE.replace(b": 4", b": " + b"9" * 400),
        with_header(b"Content-Length: 3"),
        with_header(b"no header at all"),
        with_header(b"Na me: x"),
        with_header(b": x"),
        with_header(b"Subject: a\x00b"),
        with_header(b"Subject: a\rb"),
        with_header(b"Subject: " + b"x" * (MAX_LINE_CHARS + 1)),
        with_header(b"Subject: x\r\n" + b"\r\n".join([b" " + b"y" * 4000] * 3)),
        with_header(b"\r\n".join(b"X-%d: 1" % number for number in range(MAX_HEADERS + 1))),
        INVITE + b"x" * MAX_MESSAGE_BYTES,
        b"SIP/2.0 99 Low\r\n\r\n",
        b"SIP/2.0 700 High\r\n\r\n",
        b"SIP/2.0 2000 Long\r\n\r\n",
        b"SIP/2.0 \xd9\xa2\xd9\xa0\xd9\xa0 OK\r\n\r\n",
    ],
)
def test_what_is_no_message_is_refused(broken: bytes) -> None:
    with pytest.raises(SipParseError):
        parse(broken)


@given(st.binary(max_size=400))
@example(b"SIP/2.0 200 OK\r\nl:\r\n\r\n")
@example(b"\x00\r\n\r\n")
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        message = parse(data)
    except SipParseError:
        return
    assert parse(serialise(message)) == message


@given(st.integers(0, len(INVITE) - 1), st.binary(max_size=6), st.integers(0, 6))
def test_no_damage_to_a_message_raises_anything_else(at: int, put: bytes, taken: int) -> None:
    try:
        message = parse(INVITE[:at] + put + INVITE[at + taken :])
    except SipParseError:
        return
    assert parse(serialise(message)) == message


@given(REQUESTS | RESPONSES)
def test_what_is_written_is_read_back(message: SipRequest | SipResponse) -> None:
    assert parse(serialise(message)) == message


@given(TOKENS, st.text(max_size=40))
def test_no_value_of_ours_smuggles_in_a_line(name: str, value: str) -> None:
    try:
        data = serialise(SipRequest("INVITE", "sip:x@y", Headers.of([(name, value)])))
    except HeaderRefused:
        return
    assert data.count(b"\n") == 4
    assert len(parse(data).headers.items) <= 1


@pytest.mark.parametrize("name", ["", "Na me", "Name:", "Näme", "X\r\nY"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(HeaderRefused):
        Headers.of([(name, "x")])


@pytest.mark.parametrize(
    "message",
    [
        SipRequest("INVITE", "sip:x@y SIP/2.0\r\nX: y"),
        SipRequest("INVITE", ""),
        SipRequest("IN VITE", "sip:x@y"),
        SipResponse(200, "OK\r\nX: y"),
        SipRequest("INVITE", "sip:x@y", Headers((("X", "a\nb"),))),
    ],
)
def test_a_message_that_would_not_be_read_is_not_written(message: SipRequest | SipResponse) -> None:
    with pytest.raises(SoftphoneError):
        serialise(message)


def test_lists_are_split_at_their_own_commas_only() -> None:
    value = r'"a, \" b" <sip:x@y;p=1,2>, <sip:z>;q=",", sip:w'
    assert split_list(value) == (r'"a, \" b" <sip:x@y;p=1,2>', '<sip:z>;q=","', "sip:w")


@pytest.mark.parametrize(("value", "parts"), [("", ()), (",", ()), (" a ,, b ", ("a", "b"))])
def test_empty_list_items_are_no_items(value: str, parts: tuple[str, ...]) -> None:
    assert split_list(value) == parts


def test_every_value_of_a_header_is_found_in_order() -> None:
    headers = Headers((("Via", "a, b"), ("X", "1"), ("via", "c")))
    assert headers.every("v") == ("a", "b", "c")
    assert headers.get("nothing") == ""
    assert headers.get("nothing", "none") == "none"


def test_replacing_takes_all_of_that_name() -> None:
    headers = Headers((("Via", "a"), ("CSeq", "1 INVITE"), ("via", "b")))
    assert headers.replaced(("Via", "c")).items == (("CSeq", "1 INVITE"), ("Via", "c"))
