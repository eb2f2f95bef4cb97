"""`python -m ivr node`: started by the parent, never by hand."""

from __future__ import annotations

import asyncio

import click

from ivr.commands import settings
from ivr.node import Inherited, run_node


@click.command(hidden=True)
@click.option("--inherited", required=True, help="file descriptors: fastagi,audiosocket,pulse,lifeline")
@click.pass_context
def command(ctx: click.Context, inherited: str) -> None:
    """Serve calls on inherited sockets."""
    asyncio.run(run_node(settings(ctx), Inherited(*map(int, inherited.split(",")))))
