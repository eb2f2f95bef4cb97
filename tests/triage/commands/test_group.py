"""Which command is meant: the one named first, else `decide`."""

from __future__ import annotations

import pytest

from tests.triage.commands.runs import objects, run


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "evaluate"],
        ["--json", "--", "evaluate"],
        ["--", "--json"],
        ["decide", "--json", "--", "replay"],
    ],
)
def test_a_text_may_have_a_commands_name(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert arguments[-1] in result.stdout


def test_decide_may_be_named() -> None:
    assert objects(run("decide", "--json", "我家停水了")) == objects(run("--json", "我家停水了"))


def test_help_shows_the_options_of_decide_and_the_commands() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for part in ("--file", "--json", "--lexicon", "decide", "evaluate", "replay", "lint"):
        assert part in result.stdout


@pytest.mark.parametrize("command", ["decide", "evaluate", "replay", "lint"])
def test_every_command_has_a_chinese_help_and_chooses_its_rules(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "词库" in result.stdout
    assert "--lexicon" in result.stdout
    assert "--policy" in result.stdout


@pytest.mark.parametrize("command", ["evaluate", "replay", "lint"])
def test_every_command_names_a_broken_lexicon(command: str) -> None:
    arguments = {"evaluate": ["x.csv"], "replay": ["--from", "x.jsonl"], "lint": []}[command]
    result = run(command, *arguments, "--lexicon", "/nowhere")
    assert result.exit_code == 1
    assert "词库或策略有错" in result.stderr
