import math

import pytest

from ivr.softphone.dialog import response_to
from ivr.softphone.errors import SipParseError
from ivr.softphone.message import Headers, SipRequest, SipResponse, parse, serialise
from ivr.softphone.transaction import (
    ClientTransaction,
    ServerTransaction,
    State,
    ack_of_failure,
    branch_of,
    method_of,
)


def request(method: str) -> SipRequest:
    pairs = [
        ("Via", "SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKx;rport"),
        ("Max-Forwards", "70"),
        ("Route", "<sip:127.0.0.1:5160;lr>"),
        ("From", "<sip:a@h>;tag=1"),
        ("To", "<sip:b@h>"),
        ("Call-ID", "c"),
        ("CSeq", f"7 {method}"),
    ]
    return SipRequest(method, "sip:b@h", Headers.of(pairs))


def response(method: str, code: int) -> SipResponse:
    return response_to(request(method), code, "x", tag="2")


def sent_at(transaction: ClientTransaction | ServerTransaction, until: float = 200.0) -> list[float]:
    """When the transaction sends again, from now on."""
    times = []
    while transaction.next_at < until:
        now = transaction.next_at
        if transaction.poll(now) is not None:
            times.append(now)
    return times


def test_an_invite_is_repeated_ever_slower_and_given_up_after_32_s() -> None:
    invite = ClientTransaction(request("INVITE"), 0.0)
    assert sent_at(invite) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]  # RFC 3261 §17.1.1.2
    assert invite.state is State.TIMED_OUT


def test_another_request_is_repeated_every_4_s_at_last() -> None:
    bye = ClientTransaction(request("BYE"), 0.0)
    assert sent_at(bye) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]  # RFC 3261 §17.1.2.2
    assert bye.state is State.TIMED_OUT


def test_time_scales_with_t1() -> None:
    bye = ClientTransaction(request("BYE"), 100.0, t1_s=0.05)
    assert sent_at(bye)[:3] == pytest.approx([100.05, 100.15, 100.35])
    assert bye.next_at == math.inf


def test_what_is_sent_again_is_the_same() -> None:
    invite = ClientTransaction(request("INVITE"), 0.0)
    assert invite.poll(0.5) == invite.wire == serialise(request("INVITE"))
    assert invite.poll(0.6) is None


def test_a_ringing_invite_is_not_repeated_and_not_given_up() -> None:
    invite = ClientTransaction(request("INVITE"), 0.0)
    assert invite.receive(response("INVITE", 180), 0.1) == (True, None)
    assert sent_at(invite, until=math.inf) == []
    assert invite.state is State.PROCEEDING


def test_every_provisional_is_news() -> None:
    invite = ClientTransaction(request("INVITE"), 0.0)
    assert [invite.receive(response("INVITE", code), 0.1)[0] for code in (100, 180, 183)] == [True] * 3


def test_a_failure_is_acknowledged_each_time_it_comes() -> None:
    invite = ClientTransaction(request("INVITE"), 0.0)
    news, ack = invite.receive(response("INVITE", 486), 0.1)
    assert news
    assert invite.receive(response("INVITE", 486), 0.2) == (False, ack)
    assert ack is not None
    read = parse(ack)
    assert isinstance(read, SipRequest)
    assert (read.method, read.uri) == ("ACK", "sip:b@h")
    assert branch_of(read) == "z9hG4bKx"
    assert read.headers.get("CSeq") == "7 ACK"
    assert read.headers.get("To") == "<sip:b@h>;tag=2"
    assert read.headers.get("Route") == "<sip:127.0.0.1:5160;lr>"


def test_a_success_is_acknowledged_by_the_call() -> None:
    invite = ClientTransaction(request("INVITE"), 0.0)
    assert invite.receive(response("INVITE", 200), 0.1) == (True, None)
    assert invite.receive(response("INVITE", 200), 0.2) == (False, None)
    invite.acknowledge(b"ACK")
    assert invite.receive(response("INVITE", 200), 0.3) == (False, b"ACK")


def test_an_answered_request_is_over_after_32_s() -> None:
    bye = ClientTransaction(request("BYE"), 0.0)
    assert bye.receive(response("BYE", 200), 1.0) == (True, None)
    assert bye.next_at == 33.0
    assert bye.poll(33.0) is None
    assert bye.state is State.OVER
    assert bye.receive(response("BYE", 200), 34.0) == (False, None)


def test_a_provisional_after_the_end_is_no_news() -> None:
    bye = ClientTransaction(request("BYE"), 0.0)
    bye.receive(response("BYE", 200), 1.0)
    assert bye.receive(response("BYE", 100), 2.0) == (False, None)
    assert bye.state is State.FINISHED


def test_a_request_that_timed_out_hears_no_more() -> None:
    bye = ClientTransaction(request("BYE"), 0.0)
    sent_at(bye)
    assert bye.receive(response("BYE", 200), 40.0) == (False, None)
    assert bye.state is State.TIMED_OUT


def test_a_request_without_via_is_none() -> None:
    bare = SipRequest("BYE", "sip:b@h")
    with pytest.raises(SipParseError):
        ServerTransaction(bare)
    with pytest.raises(SipParseError):
        branch_of(bare)


def test_an_answer_is_given_again_when_asked_again() -> None:
    bye = ServerTransaction(request("BYE"))
    assert bye.receive_again() is None
    wire = bye.respond(response("BYE", 200), 0.0)
    assert wire is not None
    assert bye.receive_again() == wire
    assert sent_at(bye) == []
    assert bye.state is State.OVER
    assert bye.receive_again() is None


def test_there_is_one_final_answer() -> None:
    bye = ServerTransaction(request("BYE"))
    assert bye.respond(response("BYE", 200), 0.0) is not None
    assert bye.respond(response("BYE", 500), 0.1) is None


@pytest.mark.parametrize("code", [200, 486])
def test_the_final_answer_to_an_invite_is_repeated_until_the_ack(code: int) -> None:
    invite = ServerTransaction(request("INVITE"))
    invite.respond(response("INVITE", 180), 0.0)
    assert invite.next_at == math.inf
    invite.respond(response("INVITE", code), 10.0)
    times = []
    while invite.next_at < 20.0:
        times.append(invite.next_at)
        assert invite.poll(invite.next_at) is not None
    assert times == [10.5, 11.5, 13.5, 17.5]
    invite.receive_ack()
    assert sent_at(invite) == []
    assert invite.state is State.OVER


def test_an_invite_that_nobody_acknowledges_times_out() -> None:
    invite = ServerTransaction(request("INVITE"))
    invite.respond(response("INVITE", 200), 0.0)
    assert sent_at(invite) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert invite.state is State.TIMED_OUT


def test_transactions_are_told_apart_by_branch_sender_and_method() -> None:
    assert ServerTransaction(request("BYE")).key == ("z9hG4bKx", "127.0.0.1:5070", "BYE")
    assert ClientTransaction(request("BYE"), 0.0).key == ("z9hG4bKx", "BYE")
    assert method_of(response("BYE", 200)) == "BYE"


def test_the_ack_of_a_failure_carries_no_more_than_it_must() -> None:
    names = {name for name, _ in ack_of_failure(request("INVITE"), response("INVITE", 486)).headers}
    assert names == {"Via", "Max-Forwards", "Route", "From", "To", "Call-ID", "CSeq"}
