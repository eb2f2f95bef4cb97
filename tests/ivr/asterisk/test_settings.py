"""What the settings take, and what they refuse before it can reach a configuration file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ivr.asterisk.settings import AsteriskSettings, Member

LINE_ENDERS = ["\n", "\r", "\x00", "\u2028", "\x85", ";", "[x]", "${X}", '"', "\\", "\n#exec rm", " "]


def member(**fields: object) -> Member:
    return Member.model_validate(fields)


def settings(**fields: object) -> AsteriskSettings:
    return AsteriskSettings.model_validate(fields)


def test_the_defaults_are_valid() -> None:
    chosen = AsteriskSettings()
    assert chosen.bind_address == "127.0.0.1"
    assert (chosen.sip_port, chosen.ami_port, chosen.fastagi_port, chosen.audiosocket_port) == (
        5110,
        5138,
        4510,
        9110,
    )
    assert chosen.fastagi_url == "agi://127.0.0.1:4510"
    assert [m.interface for m in (*chosen.police, *chosen.minsheng)] == ["PJSIP/p101", "PJSIP/m201"]


@pytest.mark.parametrize("end", LINE_ENDERS)
@pytest.mark.parametrize(
    "where", ["name", "uri", "password", "trunk", "ami_user", "ami_secret", "carrier", "address"]
)
def test_no_value_can_end_its_line(where: str, end: str) -> None:
    makers: dict[str, Callable[[], object]] = {
        "name": lambda: member(name=f"p1{end}x", uri="sip:p@127.0.0.1"),
        "uri": lambda: member(name="p1", uri=f"sip:p@127.0.0.1{end}x"),
        "password": lambda: member(name="p1", password=f"secret-1{end}x"),
        "trunk": lambda: settings(minsheng_trunk=f"sip:1@127.0.0.1{end}x"),
        "ami_user": lambda: settings(ami_user=f"u{end}x"),
        "ami_secret": lambda: settings(ami_secret=f"secret-1{end}x"),
        "carrier": lambda: settings(carriers=(f"127.0.0.1{end}",)),
        "address": lambda: settings(bind_address=f"127.0.0.1{end}"),
    }
    with pytest.raises(ValidationError):
        makers[where]()


@given(st.text(max_size=40))
def test_a_name_that_is_taken_is_plain(name: str) -> None:
    try:
        taken = member(name=name, uri="sip:p@127.0.0.1").name
    except ValidationError:
        return
    assert taken.isascii()
    assert taken.replace("-", "").replace("_", "").isalnum()
    assert taken[0].isalpha()


@given(st.text(max_size=60))
def test_a_sip_address_that_is_taken_holds_nothing_but_an_address(rest: str) -> None:
    try:
        uri = member(name="p1", uri=f"sip:{rest}").uri
    except ValidationError:
        return
    assert uri is not None
    assert uri.count(";") == uri.count(";transport=")
    assert not set(uri) & set('\r\n\t "<>[]{}$\\,&|')


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"police": ()}, "at least 1"),
        ({"carriers": ("0.0.0.0/0",)}, "whole world"),
        ({"carriers": ("example.com",)}, "192.0.2.0/24"),
        ({"carriers": ("192.0.2.7/24",)}, "host bits"),
        ({"bind_address": "localhost"}, "IPv4 address such as 127.0.0.1"),
        ({"rtp_start": 21001}, "even"),
        ({"rtp_end": 21001}, "at least 3 above"),
        ({"sip_port": 21100}, "outside rtp_start"),
        ({"ami_port": 5110}, "must differ"),
        ({"sip_port": 80}, "greater than or equal to 1024"),
        ({"police": ({"name": "p1"},)}, "either uri"),
        ({"police": ({"name": "p1", "uri": "sip:p@127.0.0.1", "password": "secret-1"},)}, "either uri"),
        ({"police": ({"name": "m201", "uri": "sip:p@127.0.0.1"},)}, "used twice: m201"),
        ({"police": ({"name": "carrier", "uri": "sip:p@127.0.0.1"},)}, "take another"),
        ({"police": ({"name": "110", "uri": "sip:p@127.0.0.1"},)}, "begin with a letter"),
        ({"police": ({"name": "p1", "password": "short"},)}, "8 to 128 characters"),
        ({"minsheng_strategy": "linear"}, "ringall"),
        ({"minsheng_wait": 3}, "Extra inputs"),
        ({"user": "root; reboot"}, "begin with a letter"),
    ],
)
def test_a_refusal_says_what_would_be_right(fields: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        settings(**fields)


def test_passwords_are_not_shown() -> None:
    shown = repr(
        settings(ami_secret="very-secret-1", police=({"name": "p1", "password": "very-secret-2"},))  # noqa: S106 - of the test
    )
    assert "very-secret" not in shown


def test_relative_paths_count_from_the_given_folder() -> None:
    chosen = settings(data="x/y", dialplans="../plans", binary="bin/asterisk").anchored(Path("/srv/project"))
    assert (chosen.data, chosen.dialplans) == (Path("/srv/project/x/y"), Path("/srv/plans"))
    assert chosen.binary == Path("/srv/project/bin/asterisk")
    assert AsteriskSettings().anchored(Path("/srv")).binary == "auto"


def test_an_empty_binary_is_auto() -> None:
    assert settings(binary="").binary == "auto"
    assert settings(binary=None).binary == "auto"
