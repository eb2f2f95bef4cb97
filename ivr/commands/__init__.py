"""The commands of `python -m ivr`, one file each."""

from __future__ import annotations

from pathlib import Path

import click

from ivr.config import Config, load_config
from ivr.errors import IvrError
from ivr.logs import log_to_stderr


class _Commands(click.Group):
    """Loads a command's module only when it is called, and shows our own errors without a stack."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands that people call; `node` is the parent's own business."""
        del ctx
        return ["serve", "demo", "call", "doctor", "model", "reload"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of that name below `ivr.commands`."""
        if cmd_name not in {*self.list_commands(ctx), "node"}:
            return None
        module = __import__(f"ivr.commands.{cmd_name}", fromlist=["command"])
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error that tells what to do needs no stack."""
        from asr.errors import AsrError  # noqa: PLC0415 - only when a command runs
        from ivr.asterisk.errors import AsteriskError  # noqa: PLC0415
        from ivr.softphone.errors import SoftphoneError  # noqa: PLC0415
        from provision.errors import ProvisionError  # noqa: PLC0415
        from records.errors import RecordsError  # noqa: PLC0415
        from triage.errors import TriageError  # noqa: PLC0415

        ours = (IvrError, AsteriskError, AsrError, TriageError, ProvisionError, RecordsError, SoftphoneError)
        try:
            return super().invoke(ctx)
        except (*ours, OSError) as error:
            raise click.ClickException(str(error)) from error


@click.command(
    cls=_Commands,
    help="民生110：接听 110，听懂来电，警情留在警察线路，民生诉求转到民生110。",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="配置文件（默认：项目根目录的 config.yaml）。",
)
@click.version_option("0.1.0", prog_name="民生110")
@click.pass_context
def main(ctx: click.Context, config_path: Path | None) -> None:
    """Keep the path of the configuration for the command."""
    ctx.obj = config_path


def settings(ctx: click.Context) -> Config:
    """The validated configuration of this run, with logging set up as it says."""
    config = load_config(ctx.obj)
    log_to_stderr(config.log_level)
    return config
