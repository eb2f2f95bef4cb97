from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.fastagi.commands import (
    MAX_COMMAND_BYTES,
    MAX_VALUE_BYTES,
    application_name,
    command_line,
    quoted,
    shortened,
    variable_name,
)
from ivr.fastagi.errors import AgiError, ArgumentRefused

any_text = st.text(st.characters(codec="utf-8"), max_size=300)


def asterisk_arguments(line: str) -> list[str]:
    """Split a command as parse_args() of res_agi.c does: quotes group, a backslash keeps what follows."""
    found: list[str] = []
    current: str | None = None
    in_quotes = escaped = False
    for character in line:
        if character == '"' and not escaped:
            in_quotes = not in_quotes
            current = current or ""
        elif character in " \t" and not in_quotes and not escaped:
            if current is not None:
                found.append(current)
            current = None
        elif character == "\\" and not escaped:
            escaped = True
            current = current or ""
            continue
        else:
            current = (current or "") + character
        escaped = False
    return found if current is None else [*found, current]


def test_the_reference_splits_as_asterisk_does() -> None:
    assert asterisk_arguments(r'SET VARIABLE "A" "say \"hi\" \\ there"') == [
        "SET",
        "VARIABLE",
        "A",
        'say "hi" \\ there',
    ]


@given(any_text)
def test_a_quoted_value_arrives_whole_and_as_one_argument(value: str) -> None:
    expected = re.sub(r"[\x00-\x08\x0a-\x1f\x7f]+", " ", value)
    assert asterisk_arguments(f'SET VARIABLE "V" {quoted(value)}') == ["SET", "VARIABLE", "V", expected]


@given(any_text, any_text)
def test_a_command_is_always_exactly_one_line(name: str, value: str) -> None:
    line = command_line("SET VARIABLE", quoted(name), quoted(value[:100]))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert b"\0" not in line
    assert b"\r" not in line


def test_line_ends_and_nul_become_a_space() -> None:
    assert quoted("a\r\nEXEC Hangup\0") == '"a EXEC Hangup "'


def test_a_tab_stays() -> None:
    assert quoted("a\tb") == '"a\tb"'


def test_a_lone_surrogate_does_not_break_a_command() -> None:
    assert command_line("VERBOSE", quoted("x\ud800y")) == b'VERBOSE "x?y"\n'


def test_numbers_are_quoted_too() -> None:
    assert quoted(7) == '"7"'


@pytest.mark.parametrize(
    "name",
    [
        "CALL_ID",
        "__CALL_ID",
        "_X",
        "TIMEOUT(absolute)",
        "GROUP(line)",
        "GEOLOC_PROFILE(format)",
        "CALLERID(num)",
        "PJSIP_HEADER(add,X-Minsheng-Call)",
        "CHANNEL(hangup_handler_push)",
    ],
)
def test_names_of_variables_and_functions_pass(name: str) -> None:
    assert variable_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1A",
        "A B",
        "A=B",
        "${A}",
        "A\n",
        'A"',
        "___A",
        "A()B",
        "A(b",
        "A(${X})",
        "A(b)c",
        "变量",
        "A" * 90,
        "F(" + "x" * 300 + ")",
        "A;B",
        "A\0",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ArgumentRefused, match="no name"):
        variable_name(name)


@pytest.mark.parametrize("name", ["", "Try Exec", "Exec,x", "1x", "x\n", 'x"'])
def test_bad_application_names_are_refused(name: str) -> None:
    with pytest.raises(ArgumentRefused, match="application"):
        application_name(name)


def test_application_names_pass() -> None:
    assert application_name("TryExec") == "TryExec"


@pytest.mark.parametrize("argument", ["a\nEXEC Hangup", "a\rb", "a\0b", "\x1b[0m"])
def test_an_unquoted_argument_with_a_control_character_is_refused(argument: str) -> None:
    with pytest.raises(ArgumentRefused, match="control character"):
        command_line("STREAM FILE", argument)


def test_the_longest_command_passes_and_one_byte_more_is_refused() -> None:
    room = MAX_COMMAND_BYTES - len(b'SET VARIABLE "V" ""\n')
    assert len(command_line("SET VARIABLE", '"V"', quoted("x" * room))) == MAX_COMMAND_BYTES
    with pytest.raises(ArgumentRefused, match="2047"):
        command_line("SET VARIABLE", '"V"', quoted("x" * (room + 1)))


def test_length_is_counted_in_bytes() -> None:
    with pytest.raises(ArgumentRefused, match="shorten"):
        command_line("SET VARIABLE", '"V"', quoted("民" * 700))


def test_a_refusal_is_a_value_error_and_an_agi_error() -> None:
    assert issubclass(ArgumentRefused, ValueError)
    assert issubclass(ArgumentRefused, AgiError)


@given(any_text, st.integers(min_value=8, max_value=200))
def test_shortened_text_fits_when_quoted(text: str, limit: int) -> None:
    result = shortened(text, limit)
    assert len(quoted(result).encode()) <= limit
    assert result == text or (result.endswith("…") and text.startswith(result[:-1]))


def test_shortening_keeps_what_fits() -> None:
    assert shortened("x" * (MAX_VALUE_BYTES - 2)) == "x" * (MAX_VALUE_BYTES - 2)
    assert shortened("民" * 10, 14) == "民民民…"


def test_shortened_text_always_fits_a_command() -> None:
    assert command_line("SET VARIABLE", quoted("CALLER_SAID"), quoted(shortened('\\"民' * 1000)))
