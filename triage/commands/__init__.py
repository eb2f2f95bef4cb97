"""The commands of `python -m triage`, one file each. Words that name no command are texts to decide."""

from __future__ import annotations

import click

from triage.commands.decide import decide
from triage.commands.evaluate import evaluate
from triage.commands.lint import lint
from triage.commands.replay import replay

_HELP_NAMES = ("-h", "--help")


class _DecidingGroup(click.Group):
    """A group whose command `decide` need not be named: `python -m triage 我家停水了`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `decide` before arguments that begin with no command's name; `-- evaluate` is a text."""
        if not args or args[0] not in {*self.commands, *_HELP_NAMES}:
            args = [decide.name or "", *args]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Say that a command, or texts, may follow."""
        del ctx
        return ["[命令]", "[选项]", "[话…]"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options of `decide`, which are also the group's, and then the commands."""
        click.Command.format_options(decide, ctx, formatter)
        self.format_commands(ctx, formatter)


main = _DecidingGroup(
    name="triage",
    commands=[decide, evaluate, replay, lint],
    help=decide.help,
    context_settings={"help_option_names": list(_HELP_NAMES)},
)
"""What `python -m triage` runs."""
