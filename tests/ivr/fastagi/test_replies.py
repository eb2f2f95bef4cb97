from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.fastagi.errors import AgiProtocolError
from ivr.fastagi.replies import Reply, begins_value, parse_reply


@given(st.text(max_size=200))
def test_any_value_comes_through(value: str) -> None:
    reply = parse_reply(f"200 result=1 ({value})")
    assert (reply.code, reply.result, reply.value) == (200, "1", value)


@given(st.text(max_size=80))
def test_nothing_but_a_protocol_error_comes_out_of_garbage(text: str) -> None:
    try:
        reply = parse_reply(text)
    except AgiProtocolError:
        return
    assert 0 <= reply.code <= 999


@pytest.mark.parametrize(
    ("text", "result", "value"),
    [
        ("200 result=0", "0", None),
        ("200 result=-1", "-1", None),
        ("200 result=-2", "-2", None),
        ("200 result=1 ()", "1", ""),
        ("200 result=49 endpos=4000", "49", None),
        ("200 result= (timeout)", "", "timeout"),
        ("200 result=1 (speech) endpos=0", "1", "speech"),
        ("200 result=1 (a) b)", "1", "a) b"),
        ("200 result=1 (two\nlines)", "1", "two\nlines"),
    ],
)
def test_asterisks_answers(text: str, result: str, value: str | None) -> None:
    assert parse_reply(text) == Reply(200, result, value, text)


@pytest.mark.parametrize("text", ["", "HANGUP", "200", "200 ", "20 result=1", "200 result", "abc result=1"])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(AgiProtocolError):
        parse_reply(text)


def test_the_text_of_garbage_does_not_get_into_the_error() -> None:
    with pytest.raises(AgiProtocolError) as caught:
        parse_reply("13800138000 wants something")
    assert "13800138000" not in str(caught.value)


def test_other_codes() -> None:
    assert parse_reply("510 Invalid or unknown command").code == 510
    assert parse_reply("511 Command Not Permitted on a dead channel or intercept routine").code == 511


def test_a_usage_says_that_more_follows() -> None:
    assert parse_reply("520-Invalid command syntax.  Proper usage follows:").is_usage
    assert not parse_reply("520 End of proper usage.").is_usage


def test_only_an_answer_with_a_value_may_go_on() -> None:
    assert begins_value("200 result=1 (first line")
    assert not begins_value("200 result=1")
    assert not begins_value("200 result=0")
