"""The command line itself: what it offers, what it says about a configuration that cannot be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr.commands import main
from tests.ivr.commands.program import ivr, one_line_error

COMMANDS = ("serve", "demo", "call", "doctor", "model", "reload")


def is_chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)


def help_of(*arguments: str) -> str:
    result = CliRunner().invoke(main, [*arguments, "--help"])
    assert result.exit_code == 0
    return result.output


def test_the_commands_that_people_need_are_listed_and_no_other() -> None:
    listed = help_of().partition("Commands:")[2].splitlines()
    assert tuple(line.split()[0] for line in listed if line.strip()) == COMMANDS


@pytest.mark.parametrize(
    "arguments",
    [(), *((name,) for name in COMMANDS), ("model", "list"), ("model", "install"), ("model", "use")],
)
def test_help_is_in_chinese(arguments: tuple[str, ...]) -> None:
    said, _, options = help_of(*arguments).partition("Options:")
    assert is_chinese(said.partition("\n")[2])
    for option in re.split(r"\n  (?=-)", options.partition("Commands:")[0])[1:]:
        assert is_chinese(option) or re.search("--help|--version", option), option


def test_a_command_that_is_none() -> None:
    result = CliRunner().invoke(main, ["serv"])
    assert result.exit_code == 2
    assert "serv" in result.output


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("call: {listen_limit: 9}\nsip: 1\n", encoding="utf-8")
    error = one_line_error(ivr("model", "list", config=config))
    assert "call.listen_limit: no such key" in error
    assert "sip: no such key" in error


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "none.yaml" in one_line_error(ivr("serve", config=tmp_path / "none.yaml"))


def test_a_broken_value_from_the_environment_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("", encoding="utf-8")
    error = one_line_error(
        ivr("model", "list", config=config, more={"MINSHENG110_ASTERISK__SIP_PORT": "telephone"})
    )
    assert "asterisk.sip_port" in error
    assert "MINSHENG110_" in error
