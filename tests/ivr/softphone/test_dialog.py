import pytest

from ivr.softphone.address import NameAddr, Via
from ivr.softphone.dialog import Dialog, cancel_of, response_to, retried, sequence_of
from ivr.softphone.errors import SipParseError
from ivr.softphone.message import Headers, SipRequest, parse, serialise
from ivr.softphone.transaction import branch_of

US = NameAddr("sip:13800138000@127.0.0.1:5070", '张三 "x"')
THEM = NameAddr("sip:110@127.0.0.1:5160")


def caller() -> Dialog:
    return Dialog.calling(US, THEM, US.uri)


def both() -> tuple[Dialog, Dialog]:
    """The two ends of an answered call."""
    ours = caller()
    invite = ours.request("INVITE")
    theirs = Dialog.called(invite, "sip:110@127.0.0.1:5160")
    contact = [("Contact", f"<{theirs.contact}>")]
    ours.established(response_to(invite, 200, "OK", tag=theirs.local.tag, more=contact))
    return ours, theirs


def changed(request: SipRequest, *pairs: tuple[str, str]) -> SipRequest:
    return SipRequest(request.method, request.uri, request.headers.replaced(*pairs), request.body)


def test_an_invite_survives_the_wire() -> None:
    invite = caller().request("INVITE", [("X-Minsheng-Call", "1")], b"v=0")
    assert parse(serialise(invite)) == invite
    assert NameAddr.parse(invite.headers.get("From")).display_name == '张三 "x"'
    assert (invite.uri, invite.body) == ("sip:110@127.0.0.1:5160", b"v=0")
    assert "rport" in Via.parse(invite.headers.get("Via")).params


def test_both_ends_know_their_requests() -> None:
    ours, theirs = both()
    assert theirs.holds(ours.request("BYE"))
    assert ours.holds(theirs.request("BYE"))


def test_each_end_knows_where_the_other_is() -> None:
    ours, theirs = both()
    assert (ours.target, theirs.target) == ("sip:110@127.0.0.1:5160", US.uri)


@pytest.mark.parametrize(
    "pairs",
    [
        ("Call-ID", "other"),
        ("To", "<sip:x@h>;tag=wrong"),
        ("To", "<sip:x@h>"),
        ("From", "<sip:x@h>;tag=wrong"),
    ],
)
def test_another_calls_request_is_not_ours(pairs: tuple[str, str]) -> None:
    ours, theirs = both()
    assert not theirs.holds(changed(ours.request("BYE"), pairs))


def test_numbers_rise_by_one() -> None:
    ours, _ = both()
    first, second = ours.request("INFO"), ours.request("BYE")
    assert sequence_of(second) == sequence_of(first) + 1
    assert branch_of(first) != branch_of(second)


def test_a_late_request_is_out_of_order() -> None:
    ours, theirs = both()
    first, second = ours.request("INFO"), ours.request("INFO")
    assert theirs.in_order(second)
    assert not theirs.in_order(first)
    assert not theirs.in_order(second)


def test_an_ack_is_never_late() -> None:
    ours, theirs = both()
    invite = ours.request("INVITE")
    theirs.in_order(invite)
    assert theirs.in_order(changed(invite, ("CSeq", f"{sequence_of(invite)} ACK"))) is False
    ack = ours.ack(response_to(invite, 200, "OK"))
    assert theirs.in_order(ack)


def test_an_ack_has_its_invites_number() -> None:
    ours, _ = both()
    invite = ours.request("INVITE")
    ours.request("INFO")
    ack = ours.ack(response_to(invite, 200, "OK"))
    assert ack.headers.get("CSeq") == f"{sequence_of(invite)} ACK"
    assert branch_of(ack) != branch_of(invite)


def test_the_callers_route_is_the_record_reversed() -> None:
    ours = caller()
    invite = ours.request("INVITE")
    more = [("Record-Route", "<sip:p2;lr>, <sip:p1;lr>"), ("Contact", "<sip:b@h>")]
    ours.established(response_to(invite, 200, "OK", tag="t", more=more))
    bye = ours.request("BYE")
    assert bye.headers.every("Route") == ("<sip:p1;lr>", "<sip:p2;lr>")
    assert bye.uri == "sip:b@h"


def test_the_called_ones_route_is_the_record() -> None:
    invite = changed(caller().request("INVITE"), ("Record-Route", "<sip:p2;lr>, <sip:p1;lr>"))
    bye = Dialog.called(invite, "sip:b@h").request("BYE")
    assert bye.headers.every("Route") == ("<sip:p2;lr>", "<sip:p1;lr>")


def test_a_new_contact_is_the_new_target() -> None:
    ours, theirs = both()
    theirs.refreshed(changed(ours.request("INVITE"), ("Contact", "<sip:moved@127.0.0.1:5999>")))
    assert theirs.request("BYE").uri == "sip:moved@127.0.0.1:5999"
    theirs.refreshed(SipRequest("UPDATE", "sip:x"))
    assert theirs.target == "sip:moved@127.0.0.1:5999"


@pytest.mark.parametrize(
    "pair",
    [
        ("Contact", ""),
        ("Contact", "<tel:110>"),
        ("Contact", "<sip:a b@h>"),
        ("Contact", "<sip:a@h;x y>"),
        ("Call-ID", ""),
        ("CSeq", "INVITE"),
        ("CSeq", "-1 INVITE"),
        ("CSeq", "99999999999 INVITE"),
        ("CSeq", "² INVITE"),
        ("From", ""),
        ("To", '"open'),
    ],
)
def test_an_invite_that_makes_no_dialog_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(SipParseError):
        Dialog.called(changed(caller().request("INVITE"), pair), "sip:b@h")


def test_an_answer_repeats_what_it_must() -> None:
    invite = changed(
        caller().request("INVITE"), ("Via", "SIP/2.0/UDP p;branch=z9hG4bK2, SIP/2.0/UDP c;branch=z9hG4bK1")
    )
    answer = response_to(invite, 180, "Ringing", tag="t", more=[("Contact", "<sip:b@h>")])
    assert [Via.parse(via).host for via in answer.headers.every("Via")] == ["p", "c"]
    for name in ("From", "Call-ID", "CSeq"):
        assert answer.headers.get(name) == invite.headers.get(name)
    assert NameAddr.parse(answer.headers.get("To")).tag == "t"


def test_a_tag_that_is_there_stays() -> None:
    ours, theirs = both()
    answer = response_to(ours.request("BYE"), 200, "OK", tag="new")
    assert NameAddr.parse(answer.headers.get("To")).tag == theirs.local.tag


def test_the_source_is_written_into_a_via_that_asks() -> None:
    invite = caller().request("INVITE")
    via = Via.parse(response_to(invite, 200, "OK", source=("10.0.0.9", 999)).headers.get("Via"))
    assert (via.params["received"], via.params["rport"]) == ("10.0.0.9", "999")
    assert via.branch == branch_of(invite)


def test_a_via_that_does_not_ask_stays_as_it_is() -> None:
    invite = changed(caller().request("INVITE"), ("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"))
    answer = response_to(invite, 200, "OK", source=("10.0.0.9", 999))
    assert answer.headers.get("Via") == "SIP/2.0/UDP h;branch=z9hG4bK1"


def test_a_cancel_is_its_invites_twin() -> None:
    invite = caller().request("INVITE", [("X", "1")], b"v=0")
    cancel = cancel_of(invite)
    assert branch_of(cancel) == branch_of(invite)
    assert cancel.headers.get("CSeq") == f"{sequence_of(invite)} CANCEL"
    assert cancel.headers.get("X") == ""
    assert (cancel.uri, cancel.body) == (invite.uri, b"")
    assert parse(serialise(cancel)) == cancel


def test_a_second_try_is_the_first_with_credentials() -> None:
    invite = caller().request("INVITE", [("Geolocation", "<cid:x>")], b"v=0")
    again = retried(invite, ("127.0.0.1", 5070), ("Authorization", "Digest x"))
    assert sequence_of(again) == sequence_of(invite) + 1
    assert branch_of(again) != branch_of(invite)
    assert again.headers.get("Authorization") == "Digest x"
    assert (again.headers.get("Geolocation"), again.body) == ("<cid:x>", b"v=0")
    assert again.headers.get("Call-ID") == invite.headers.get("Call-ID")
    assert Headers.of(again.headers) == again.headers
