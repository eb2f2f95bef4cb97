import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.softphone import digest
from ivr.softphone.address import quoted
from ivr.softphone.digest import Credentials
from ivr.softphone.message import Headers, SipRequest, SipResponse

WHO = Credentials("m201", "geheim")
REGISTER = SipRequest("REGISTER", "sip:127.0.0.1:5160", Headers((("CSeq", "1 REGISTER"),)))
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)


def challenge(value: str, code: int = 401) -> SipResponse:
    return SipResponse(code, "Unauthorized", Headers(((digest.CHALLENGES[code][0], value),)))


def answered(value: str) -> SipRequest:
    header = digest.answer(WHO, REGISTER, challenge(value))
    assert header is not None
    return SipRequest("REGISTER", REGISTER.uri, Headers((header,)))


def test_the_example_of_rfc_2617() -> None:
    given_ = {
        "realm": "testrealm@host.com",
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "0a4f113b",
    }
    who = Credentials("Mufasa", "Circle Of Life")
    assert digest.proof(who, "GET", "/dir/index.html", given_) == "6629fae49393a05397450978507c4ef1"


def test_without_qop_as_rfc_2069_has_it() -> None:
    who = Credentials("u", "p")
    # md5(md5("u:r:p") + ":n:" + md5("REGISTER:sip:h")), by hand
    assert digest.proof(who, "REGISTER", "sip:h", {"realm": "r", "nonce": "n"}) == (
        digest._hash(f"{digest._hash('u:r:p')}:n:{digest._hash('REGISTER:sip:h')}")
    )


@pytest.mark.parametrize(
    "value",
    [
        'Digest realm="asterisk",nonce="n1"',
        'Digest realm="asterisk", nonce="n1", opaque="o", algorithm=MD5, qop="auth"',
        'digest qop="auth-int, auth",NONCE="n1",realm="a, b=\\"c\\""',
        "Digest realm=asterisk,nonce=n1",
    ],
)
def test_an_answer_is_accepted_by_the_other_side(value: str) -> None:
    assert digest.verified(WHO, answered(value), "n1")


def test_opaque_comes_back_as_it_was() -> None:
    request = answered('Digest realm="r", nonce="n1", opaque="5ccc"')
    assert digest.fields(request.headers.get("Authorization"))["opaque"] == "5ccc"


def test_a_proxy_is_answered_in_its_own_header() -> None:
    header = digest.answer(WHO, REGISTER, challenge('Digest realm="r", nonce="n1"', 407))
    assert header is not None
    assert header[0] == "Proxy-Authorization"


@pytest.mark.parametrize(
    "response",
    [
        challenge('Basic realm="r"'),
        challenge('Digest realm="r", nonce="n", algorithm=SHA-256'),
        challenge('Digest realm="r"'),
        challenge(""),
        SipResponse(401, "Unauthorized"),
        SipResponse(403, "Forbidden", Headers((("WWW-Authenticate", 'Digest realm="r", nonce="n"'),))),
    ],
)
def test_a_challenge_we_cannot_meet_is_left(response: SipResponse) -> None:
    assert digest.answer(WHO, REGISTER, response) is None


def test_of_two_challenges_the_one_we_know_is_met() -> None:
    values = (
        'Digest realm="r", nonce="n2", algorithm=SHA-256',
        'Digest realm="r", nonce="n1", algorithm=MD5',
    )
    response = SipResponse(401, "", Headers(tuple(("WWW-Authenticate", value) for value in values)))
    header = digest.answer(WHO, REGISTER, response)
    assert header is not None
    assert digest.fields(header[1])["nonce"] == "n1"


@pytest.mark.parametrize(
    ("who", "nonce", "method", "uri"),
    [
        (Credentials("m201", "falsch"), "n1", "REGISTER", REGISTER.uri),
        (Credentials("m202", "geheim"), "n1", "REGISTER", REGISTER.uri),
        (WHO, "n2", "REGISTER", REGISTER.uri),
        (WHO, "n1", "INVITE", REGISTER.uri),
        (WHO, "n1", "REGISTER", "sip:elsewhere"),
    ],
)
def test_a_proof_is_good_for_one_thing_only(who: Credentials, nonce: str, method: str, uri: str) -> None:
    request = answered('Digest realm="r", nonce="n1"')
    assert not digest.verified(who, SipRequest(method, uri, request.headers), nonce)


def test_no_header_proves_nothing() -> None:
    assert not digest.verified(WHO, REGISTER, "n1")


@given(TEXT, TEXT, TEXT, st.booleans())
def test_every_realm_and_nonce_survives(realm: str, nonce: str, secret: str, qop: bool) -> None:  # noqa: FBT001
    who = Credentials("m201", secret)
    value = f"Digest realm={quoted(realm)}, nonce={quoted(nonce)}" + (', qop="auth"' if qop else "")
    header = digest.answer(who, REGISTER, challenge(value))
    assert header is not None
    assert digest.verified(who, SipRequest("REGISTER", REGISTER.uri, Headers((header,))), nonce)


@given(st.text(max_size=100))
def test_no_challenge_raises(value: str) -> None:
    digest.answer(WHO, REGISTER, challenge(value))
    digest.answer(WHO, REGISTER, challenge("Digest " + value))
    assert isinstance(digest.fields("Digest " + value), dict)


@pytest.mark.parametrize("value", ["a" * 8000, " " * 8000, '"' + "\\" * 8000, 'a="' * 2000, "," * 8000])
def test_a_hostile_challenge_is_read_in_reasonable_time(value: str) -> None:
    assert digest.answer(WHO, REGISTER, challenge("Digest " + value)) is None


def test_the_secret_is_not_shown() -> None:
    assert "geheim" not in repr(WHO)
