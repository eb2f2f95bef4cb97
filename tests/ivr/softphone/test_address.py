import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.softphone.address import NameAddr, SipUri, Via, parameters, quoted, unquoted
from ivr.softphone.errors import SipParseError

PRINTABLE = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)


@given(PRINTABLE)
def test_a_quoted_string_is_read_back(text: str) -> None:
    assert unquoted(quoted(text)) == text


@given(PRINTABLE, st.text(st.characters(blacklist_categories=("Cs", "Cc", "Z")), min_size=1, max_size=20))
def test_an_address_is_read_back(name: str, user: str) -> None:
    address = NameAddr(str(SipUri("127.0.0.1", 5070, user)), name, {"tag": "a1"})
    back = NameAddr.parse(str(address))
    assert (back.display_name, back.tag) == (name, "a1")
    assert SipUri.parse(back.uri).user == user


@given(st.text(max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    for reader in (NameAddr.parse, SipUri.parse, Via.parse):
        try:
            reader(text)
        except SipParseError:
            continue
    assert isinstance(parameters(text), dict)


@pytest.mark.parametrize(
    ("text", "name", "uri", "tag"),
    [
        ('"张三" <sip:1@h>;tag=x', "张三", "sip:1@h", "x"),
        (r'"a \"b\" \\c" <sip:1@h>', r'a "b" \c', "sip:1@h", ""),
        ('"Evil <sip:2@h>" <sip:1@h>;tag=x', "Evil <sip:2@h>", "sip:1@h", "x"),
        ("Bob <sip:1@h;lr?a=b>;TAG=x;flag", "Bob", "sip:1@h;lr?a=b", "x"),
        ("<sip:1@h>", "", "sip:1@h", ""),
        ("sip:1@h;tag=x", "", "sip:1@h", "x"),
        (" sip:1@h ; tag = x ", "", "sip:1@h", "x"),
    ],
)
def test_addresses_as_they_come(text: str, name: str, uri: str, tag: str) -> None:
    address = NameAddr.parse(text)
    assert (address.display_name, address.uri.strip(), address.tag) == (name, uri, tag)


@pytest.mark.parametrize("text", ["", "   ", '"open', "<sip:1@h", "sip:1@h>", "a b c"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        NameAddr.parse(text)


@pytest.mark.parametrize(
    ("text", "host", "port", "user", "rest"),
    [
        ("sip:110@127.0.0.1:5160", "127.0.0.1", 5160, "110", ""),
        ("sip:110@h", "h", 5060, "110", ""),
        ("SIPS:h", "h", 5060, "", ""),
        ("sip:a%20b:secret@h;transport=udp?x=y", "h", 5060, "a b", ";transport=udp?x=y"),
        ("sip:1@[::1]:5070", "[::1]", 5070, "1", ""),
    ],
)
def test_uris_as_they_come(text: str, host: str, port: int, user: str, rest: str) -> None:
    uri = SipUri.parse(text)
    assert (uri.host, uri.port, uri.user, uri.rest) == (host, port, user, rest)


@pytest.mark.parametrize(
    "text",
    ["", "tel:110", "sip:", "sip:a b@h", "sip:1@h:99999", "sip:1@h:x", "sip:1@h;a\r\nX: y", "http://h"],
)
def test_what_is_no_sip_uri_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        SipUri.parse(text)


def test_a_dialled_number_cannot_break_the_uri() -> None:
    assert str(SipUri("h", 5060, "1@evil> SIP/2.0\r\n")) == "sip:1%40evil%3E%20SIP/2.0%0D%0A@h:5060"


def test_a_via_is_read() -> None:
    via = Via.parse("SIP / 2.0 / UDP 127.0.0.1:5070 ;branch=z9hG4bK1;rport;received=10.0.0.1")
    assert (via.host, via.port, via.branch) == ("127.0.0.1", 5070, "z9hG4bK1")
    assert via.params["rport"] == ""
    assert via.params["received"] == "10.0.0.1"


@pytest.mark.parametrize("text", ["", "127.0.0.1", "SIP/2.0/UDP", "SIP/3.0/UDP h", "SIP/2.0/UDP h:x"])
def test_what_is_no_via_is_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        Via.parse(text)


def test_the_first_of_two_equal_parameters_counts() -> None:
    assert parameters(';a=1;A=2;b="x;y";c') == {"a": "1", "b": "x;y", "c": ""}


@pytest.mark.parametrize(
    "text",
    [" " * 8000, "a" + " " * 8000 + "b", '"' + "\\" * 8000, "<" * 8000, ";" * 8000, "sip:" + "a" * 8000],
)
def test_a_hostile_line_is_read_in_reasonable_time(text: str) -> None:
    for reader in (NameAddr.parse, SipUri.parse, Via.parse):
        try:
            reader(text)
        except SipParseError:
            continue
    assert parameters(text) == {}
