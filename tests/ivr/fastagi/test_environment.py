from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.fastagi.environment import MAX_LINES, AgiEnvironment, parse_environment
from ivr.fastagi.errors import AgiProtocolError
from tests.ivr.fastagi.asterisk_side import ENVIRONMENT


def lines(**changed: str) -> list[str]:
    values = ENVIRONMENT | {f"agi_{key}": value for key, value in changed.items()}
    return [f"{key}: {value}" for key, value in values.items()]


def test_a_call_as_asterisk_tells_it() -> None:
    assert parse_environment(lines(arg_1="a b", arg_2="c")) == AgiEnvironment(
        channel="PJSIP/carrier-00000001",
        uniqueid="1795320880.1",
        context="from-carrier",
        extension="110",
        script="110",
        dialled="110",
        language="zh",
        version="22.10.1",
        caller_number="13800138000",
        caller_name="张三",
        request="agi://127.0.0.1:4573/110",
        arguments=("a b", "c"),
    )


def test_unknown_is_empty() -> None:
    call = parse_environment(lines(callerid="unknown", calleridname="unknown"))
    assert (call.caller_number, call.caller_name) == ("", "")


def test_the_extension_stands_in_for_an_unknown_dialled_number() -> None:
    assert parse_environment(lines(dnid="unknown", extension="119")).dialled == "119"


def test_arguments_come_in_their_order_whatever_the_order_of_lines() -> None:
    more = {f"arg_{number}": str(number) for number in (10, 2, 1, 3, 9, 8, 7, 6, 5, 4)}
    assert parse_environment(lines(**more)).arguments == tuple(map(str, range(1, 11)))


def test_a_colon_in_a_value_stays() -> None:
    assert parse_environment(lines(calleridname="a: b: c")).caller_name == "a: b: c"


def test_an_empty_value_needs_no_space() -> None:
    changed = [line if not line.startswith("agi_callerid:") else "agi_callerid:" for line in lines()]
    assert parse_environment(changed).caller_number == ""


def test_the_caller_stays_out_of_repr() -> None:
    text = repr(parse_environment(lines(request="agi://h/110?13800138000", arg_1="13800138000")))
    assert "13800138000" not in text
    assert "张三" not in text
    assert "1795320880.1" in text


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse_environment(lines()).channel = "x"  # type: ignore[misc]


def test_a_line_end_in_a_callers_name_cannot_overwrite_anything() -> None:
    with pytest.raises(AgiProtocolError, match="agi_callerid comes twice"):
        parse_environment([*lines(), "agi_callerid: 110"])


@pytest.mark.parametrize("line", ["GET / HTTP/1.1", "agi_channel", "AGI_CHANNEL: x", "", " agi_channel: x"])
def test_what_is_no_environment_is_refused_without_telling_it(line: str) -> None:
    with pytest.raises(AgiProtocolError, match="line 1 of") as caught:
        parse_environment([line, *lines()])
    assert line not in str(caught.value) or not line


@pytest.mark.parametrize("missing", ["agi_channel", "agi_uniqueid"])
def test_a_call_without_a_name_is_refused(missing: str) -> None:
    with pytest.raises(AgiProtocolError, match="no channel and uniqueid"):
        parse_environment([line for line in lines() if not line.startswith(f"{missing}:")])


def test_too_many_lines_are_refused() -> None:
    more = {f"arg_{number}": "x" for number in range(1, MAX_LINES)}
    with pytest.raises(AgiProtocolError, match="more than 100"):
        parse_environment(lines(**more))


@given(st.lists(st.text(max_size=40), max_size=30))
def test_nothing_but_a_protocol_error_comes_out_of_garbage(garbage: list[str]) -> None:
    with pytest.raises(AgiProtocolError):
        parse_environment(garbage)


@given(st.text(st.characters(exclude_characters="\n"), max_size=60))
def test_any_name_is_taken_as_it_is(name: str) -> None:
    call = parse_environment(lines(calleridname=name))
    assert call.caller_name in {name.strip(), ""}
    assert call.caller_number == "13800138000"
